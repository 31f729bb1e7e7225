#include <addon/call.h>

#include <addon/value.h>

#include <memory>
#include <utility>

Call::Call(napi_env env, Task task) : env_(env), task_(std::move(task)) {}

Call::~Call() {
  if (thread_.joinable()) thread_.join();
  if (hooked_) napi_remove_env_cleanup_hook(env_, on_teardown, this);
  if (arrays_ != nullptr) napi_delete_reference(env_, arrays_);
}

napi_value Call::start(napi_env env, Task task, napi_value arrays) {
  std::unique_ptr<Call> call(new Call(env, std::move(task)));
  napi_value promise;
  check(env, napi_create_reference(env, arrays, 1, &call->arrays_));
  check(env, napi_create_promise(env, &call->promise_, &promise));
  check(env, napi_create_threadsafe_function(env, nullptr, nullptr, to_value(env, "jepalab.lanes"), 0, 1,
                                             call.get(), on_finalize, call.get(), on_done, &call->done_));
  Call *const held = call.release(); // from here on_finalize deletes it, on every path
  // Hooks run last one first: this one before the function's own, which would end the call's way back.
  const napi_status hooked = napi_add_env_cleanup_hook(env, on_teardown, held);
  held->hooked_ = hooked == napi_ok;
  try {
    check(env, hooked);
    held->thread_ = std::thread([held] { held->work(); });
  } catch (...) {
    napi_release_threadsafe_function(held->done_, napi_tsfn_release);
    throw;
  }
  return promise;
}

void Call::work() {
  code_ = task_.run(words_);
  napi_call_threadsafe_function(done_, nullptr, napi_tsfn_blocking);
  napi_release_threadsafe_function(done_, napi_tsfn_release);
}

void Call::on_done(napi_env env, napi_value, void *context, void *) {
  if (env == nullptr) return; // the environment ends, and nobody is left to hear of it
  static_cast<Call *>(context)->settle(env);
}

void Call::settle(napi_env env) {
  try {
    napi_value outcome;
    check(env, napi_create_object(env, &outcome));
    check(env, napi_set_named_property(env, outcome, "code", to_value(env, code_)));
    check(env, napi_set_named_property(env, outcome, "words", to_value(env, words_)));
    check(env, napi_resolve_deferred(env, promise_, outcome));
  } catch (...) {
    throw_again(env); // an uncaught exception: the promise can no longer tell
  }
}

void Call::on_finalize(napi_env, void *data, void *) { delete static_cast<Call *>(data); }

void Call::on_teardown(void *data) {
  Call *const call = static_cast<Call *>(data);
  call->hooked_ = false; // it has run
  *call->task_.cancel = 1;
  if (call->thread_.joinable()) call->thread_.join();
}
