#ifndef JEPALAB_LANES_ADDON_LIBRARY_H
#define JEPALAB_LANES_ADDON_LIBRARY_H
#include <lanes.h>
#include <mlp/mlp.h>
#include <node_api.h>
#include <probes/product.h>

#include <memory>
#include <string>

/* One build of the kernels, loaded. It stays in the process: a thread of it may still be on its way out. */
struct Library {
  std::string name;
  bool tiles;
  decltype(&lanes_run) run;
  decltype(&lanes_weights) weights;
  decltype(&lanes_choose) choose;
  decltype(&lanes_last_error) last_error;
  /* NULL in a build without multilayer perceptrons. */
  decltype(&lanes_mlp_run) mlp_run;
  decltype(&lanes_mlp_weights) mlp_weights;
  decltype(&lanes_mlp_last_error) mlp_last_error;
  /* NULL in a build for a card. */
  decltype(&lanes_product) product;
};

/* @throws std::runtime_error with the loader's reason. */
std::shared_ptr<const Library> load_library(const std::string &path);

/* The object { name, tiles } that JavaScript holds, and what stands behind it; Refusal where it is none of ours. */
napi_value to_handle(napi_env env, std::shared_ptr<const Library> library);
std::shared_ptr<const Library> from_handle(napi_env env, napi_value handle);

/* std::runtime_error where the library trains no multilayer perceptrons. */
std::shared_ptr<const Library> from_handle_with_mlp(napi_env env, napi_value handle);
#endif
