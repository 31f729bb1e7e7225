#ifndef JEPALAB_LANES_ADDON_EXPORTS_H
#define JEPALAB_LANES_ADDON_EXPORTS_H
#include <node_api.h>

/* open(path) → handle { name }. Throws an Error where the file is no build of the kernels. */
napi_value open_library(napi_env env, napi_callback_info info);

/*
 * run(handle, batch) → Promise<{ code, words }>, see call.h. Throws a TypeError, before anything is touched, for
 * a field of the batch that is missing, of another type, detached or too short.
 */
napi_value run_batch(napi_env env, napi_callback_info info);

/* runMlp(handle, batch), the same for small multilayer perceptrons */
napi_value run_mlp_batch(napi_env env, napi_callback_info info);

/* choose(handle, batch) → lanes_layout */
napi_value choose_layout(napi_env env, napi_callback_info info);

/* weights(handle, objective, depth, features, width) → doubles of one run's weights */
napi_value count_weights(napi_env env, napi_callback_info info);

/* mlpWeights(handle, batch), by the sizes of the batch */
napi_value count_mlp_weights(napi_env env, napi_callback_info info);

/*
 * product(handle, call) → its code, when it is done; probes/product.h has the fields, in camel case. Throws a TypeError, before
 * anything is touched, for a field that is missing, of another type, detached or too short.
 */
napi_value multiply_matrices(napi_env env, napi_callback_info info);

/* instructionSets() → the names of the builds that this CPU and its system run, slowest first */
napi_value instruction_sets(napi_env env, napi_callback_info info);

inline napi_property_descriptor exported(const char *name, napi_callback callback) {
  return {name, nullptr, callback, nullptr, nullptr, nullptr, napi_enumerable, nullptr};
}
#endif
