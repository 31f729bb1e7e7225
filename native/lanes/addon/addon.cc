#include <node_api.h>

#include <addon/exports.h>

NAPI_MODULE_INIT() {
  const napi_property_descriptor table[] = {
      exported("open", open_library),
      exported("run", run_batch),
      exported("runMlp", run_mlp_batch),
      exported("choose", choose_layout),
      exported("weights", count_weights),
      exported("mlpWeights", count_mlp_weights),
      exported("product", multiply_matrices),
      exported("instructionSets", instruction_sets),
  };
  napi_define_properties(env, exports, sizeof table / sizeof *table, table);
  return exports;
}
