// Functions of the eager context, which tfjs-node's binding has no calls for: a FunctionDef that is added here is
// an operation from then on, and executeOp runs it by its name with tensors that stay where they are.
//
//   addFunction(definition: Uint8Array)   a serialised tensorflow.FunctionDef
//   removeFunction(name: string)          frees it and the kernels made of it
//   operations(): Uint8Array              the serialised tensorflow.OpList of this library
//   hasOneDnn(): boolean                  whether operations run on oneDNN's kernels in this process
#include <cstring>
#include <string>

#include "napi_auto_ref.h"
#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"
#include "tf_auto_status.h"
#include "tfjs_backend.h"
#include "utils.h"

namespace tensorflow {
bool IsMKLEnabled();  // tensorflow/core/util/util.h, which the wheels leave out
}

namespace tfnodejs {
namespace {

TFE_Context *ContextOf(napi_env env) {
  TFJSBackend *backend = nullptr;
  napi_status nstatus = napi_get_instance_data(env, reinterpret_cast<void **>(&backend));
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  return backend == nullptr ? nullptr : backend->context();
}

// The one argument of the call, or null with an exception pending.
napi_value ArgumentOf(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value argument = nullptr;
  napi_status nstatus = napi_get_cb_info(env, info, &argc, &argument, nullptr, nullptr);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  if (argc < 1) NAPI_THROW_ERROR(env, "One argument is needed.");
  return argc < 1 ? nullptr : argument;
}

}  // namespace

napi_value AddFunction(napi_env env, napi_callback_info info) {
  TFE_Context *context = ContextOf(env);
  napi_value argument = ArgumentOf(env, info);
  if (context == nullptr || argument == nullptr) return nullptr;
  napi_typedarray_type type;
  size_t length = 0;
  void *data = nullptr;
  napi_status nstatus = napi_get_typedarray_info(env, argument, &type, &length, &data, nullptr, nullptr);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  if (type != napi_uint8_array) {
    NAPI_THROW_ERROR(env, "A function's definition must be a Uint8Array.");
    return nullptr;
  }
  TF_AutoStatus tf_status;
  TFE_ContextAddFunctionDef(context, static_cast<const char *>(data), length, tf_status.status);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  return nullptr;
}

napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  TFE_Context *context = ContextOf(env);
  napi_value argument = ArgumentOf(env, info);
  if (context == nullptr || argument == nullptr) return nullptr;
  std::string name;
  napi_status nstatus = GetStringParam(env, argument, name);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  TF_AutoStatus tf_status;
  TFE_ContextRemoveFunction(context, name.c_str(), tf_status.status);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  return nullptr;
}

napi_value Operations(napi_env env, napi_callback_info) {
  TF_Buffer *list = TF_GetAllOpList();
  void *copy = nullptr;
  napi_value buffer, array = nullptr;
  napi_status nstatus = napi_create_arraybuffer(env, list->length, &copy, &buffer);
  if (nstatus == napi_ok) {
    std::memcpy(copy, list->data, list->length);
    nstatus = napi_create_typedarray(env, napi_uint8_array, list->length, buffer, 0, &array);
  }
  TF_DeleteBuffer(list);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  return array;
}

napi_value HasOneDnn(napi_env env, napi_callback_info) {
  napi_value answer = nullptr;
  napi_status nstatus = napi_get_boolean(env, tensorflow::IsMKLEnabled(), &answer);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  return answer;
}

}  // namespace tfnodejs
