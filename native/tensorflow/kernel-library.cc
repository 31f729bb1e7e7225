// The library of our own operations (native/tensorflow/kernels), which is built apart from the binding, once for
// each instruction set.
//
//   instructionSets(): string[]    the builds that this machine runs, slowest first
//   loadKernels(path: string)      opens one and registers its operations; a process takes one
#include <dlfcn.h>

#include <mutex>
#include <string>

#include "napi_auto_ref.h"
#include "runnable.h"
#include "utils.h"

namespace tfnodejs {
namespace {

std::mutex loading;
std::string loaded;  // path of the library that is open; registrations cannot be taken back

// Why it could not be loaded, or an empty text.
std::string Load(const std::string &path) {
  std::lock_guard<std::mutex> lock(loading);
  if (loaded == path) return "";
  if (!loaded.empty()) return "this process has the operations of " + loaded + " already";
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return dlerror();
  const auto registerAll = reinterpret_cast<const char *(*)()>(dlsym(library, "jepalab_register_kernels"));
  if (registerAll == nullptr) return path + " has no jepalab_register_kernels";
  loaded = path;  // whatever comes of it: some operations may be there from now on
  const char *trouble = registerAll();
  return trouble == nullptr ? "" : trouble;
}

}  // namespace

napi_value InstructionSets(napi_env env, napi_callback_info) {
  napi_value list = nullptr;
  napi_status nstatus = napi_create_array(env, &list);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  uint32_t at = 0;
  for (const char *name : runnable_instruction_sets()) {
    napi_value text = nullptr;
    nstatus = napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &text);
    ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
    nstatus = napi_set_element(env, list, at++, text);
    ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  }
  return list;
}

napi_value LoadKernels(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value argument = nullptr;
  napi_status nstatus = napi_get_cb_info(env, info, &argc, &argument, nullptr, nullptr);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  std::string path;
  nstatus = GetStringParam(env, argument, path);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  const std::string trouble = Load(path);
  if (!trouble.empty()) NAPI_THROW_ERROR(env, trouble.c_str());
  return nullptr;
}

}  // namespace tfnodejs
