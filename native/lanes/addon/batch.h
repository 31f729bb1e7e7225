#ifndef JEPALAB_LANES_ADDON_BATCH_H
#define JEPALAB_LANES_ADDON_BATCH_H
#include <addon/library.h>
#include <lanes.h>
#include <mlp/mlp.h>
#include <node_api.h>

/*
 * Reads the object that workers/engines/lanes/batch.ts describes. Every array that is given must be of its type
 * and as long as the sizes ask for, whatever the mode; null is NULL, which the kernels judge by the mode.
 * Sizes that are not positive ask for no elements: the kernels refuse them before they look at an array.
 *
 * @returns the JavaScript array that holds every typed array the batch points into.
 */
napi_value read_batch(napi_env env, napi_value object, const Library &library, lanes_batch &batch);

/* The same for workers/engines/lanes/mlp-batch.ts, and its sizes alone. */
napi_value read_mlp_batch(napi_env env, napi_value object, const Library &library, lanes_mlp_batch &batch);
void read_mlp_sizes(napi_env env, napi_value object, lanes_mlp_batch &batch);
#endif
