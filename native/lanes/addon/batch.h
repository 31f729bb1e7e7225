#ifndef JEPALAB_LANES_ADDON_BATCH_H
#define JEPALAB_LANES_ADDON_BATCH_H
#include <addon/library.h>
#include <lanes.h>
#include <node_api.h>

/* A batch as the kernels take it, and the JavaScript array that holds every typed array it points into. */
struct ReadBatch {
  lanes_batch batch;
  napi_value arrays;
};

/*
 * Reads the object that workers/engines/lanes/batch.ts describes. Every array that is given must be of its type
 * and as long as the sizes ask for, whatever the mode; null is NULL, which the kernels judge by the mode.
 * Sizes that are not positive ask for no elements: the kernels refuse them before they look at an array.
 */
ReadBatch read_batch(napi_env env, napi_value object, const Library &library);
#endif
