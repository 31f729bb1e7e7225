#include <addon/library.h>

#include <addon/exports.h>
#include <addon/value.h>
#include <dlfcn.h>

#include <utility>

namespace {

using Held = std::shared_ptr<const Library>;

const napi_type_tag TAG = {0x6a65706131616232, 0x6c616e6573686e64};

template <typename Function>
void find_if_there(void *loaded, const char *symbol, Function &function) {
  function = reinterpret_cast<Function>(dlsym(loaded, symbol));
}

template <typename Function>
void find(void *loaded, const std::string &path, const char *symbol, Function &function) {
  find_if_there(loaded, symbol, function);
  if (function == nullptr) throw std::runtime_error(path + " has no " + symbol + ": it is no build of lanes");
}

std::string reason() {
  const char *words = dlerror();
  return words != nullptr ? words : "the loader does not say why";
}

void let_go(napi_env, void *data, void *) { delete static_cast<Held *>(data); }

napi_value open_body(napi_env env, napi_callback_info info) {
  const Arguments<1> given(env, info);
  return to_handle(env, load_library(text(env, given.at[0], "the path of a library")));
}

} // namespace

Held load_library(const std::string &path) {
  // Local: each build keeps to its own functions, though all of them carry the same names.
  void *loaded = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (loaded == nullptr) throw std::runtime_error("the lanes library does not load: " + reason());
  const auto library = std::make_shared<Library>();
  try {
    decltype(&lanes_name) name;
    decltype(&lanes_tiles) tiles;
    find(loaded, path, "lanes_name", name);
    find(loaded, path, "lanes_tiles", tiles);
    find(loaded, path, "lanes_run", library->run);
    find(loaded, path, "lanes_weights", library->weights);
    find(loaded, path, "lanes_choose", library->choose);
    find(loaded, path, "lanes_last_error", library->last_error);
    find_if_there(loaded, "lanes_mlp_run", library->mlp_run);
    find_if_there(loaded, "lanes_mlp_weights", library->mlp_weights);
    find_if_there(loaded, "lanes_mlp_last_error", library->mlp_last_error);
    find_if_there(loaded, "lanes_product", library->product);
    library->name = name();
    library->tiles = tiles() != 0;
  } catch (...) {
    dlclose(loaded);
    throw;
  }
  dlclose(loaded); // its functions stay, RTLD_NODELETE
  return library;
}

napi_value to_handle(napi_env env, Held library) {
  napi_value handle, tiles;
  check(env, napi_create_object(env, &handle));
  check(env, napi_get_boolean(env, library->tiles, &tiles));
  check(env, napi_set_named_property(env, handle, "tiles", tiles));
  check(env, napi_set_named_property(env, handle, "name", to_value(env, library->name)));
  auto held = std::make_unique<Held>(std::move(library));
  check(env, napi_wrap(env, handle, held.get(), let_go, nullptr, nullptr));
  held.release();
  check(env, napi_type_tag_object(env, handle, &TAG));
  return handle;
}

Held from_handle(napi_env env, napi_value handle) {
  bool ours = false;
  if (type_of(env, handle) == napi_object) check(env, napi_check_object_type_tag(env, handle, &TAG, &ours));
  if (!ours) throw Refusal("the first argument is no library that open() returned");
  void *data;
  check(env, napi_unwrap(env, handle, &data));
  return *static_cast<Held *>(data);
}

Held from_handle_with_mlp(napi_env env, napi_value handle) {
  Held library = from_handle(env, handle);
  if (library->mlp_run != nullptr && library->mlp_weights != nullptr && library->mlp_last_error != nullptr)
    return library;
  throw std::runtime_error("the lanes library for " + library->name + " trains no multilayer perceptrons");
}

napi_value open_library(napi_env env, napi_callback_info info) { return guarded<open_body>(env, info); }
