#ifndef JEPALAB_KERNELS_REGISTRY_H
#define JEPALAB_KERNELS_REGISTRY_H
#include <string>

/* Each file of operations registers its own. @param trouble what went wrong so far, left alone where all is well */
namespace kernels {
void register_convolution(std::string& trouble);
void register_dense(std::string& trouble);
void register_dense_step(std::string& trouble);
void register_draw(std::string& trouble);
void register_elementwise(std::string& trouble);
void register_optimizer(std::string& trouble);
void register_runs(std::string& trouble);
void register_scene(std::string& trouble);
}  // namespace kernels
#endif
