#include <addon/batch.h>
#include <addon/call.h>
#include <addon/exports.h>
#include <addon/library.h>
#include <addon/value.h>

#include <memory>
#include <utility>

namespace {

/* A struct that a task works on, where it stays until the task is gone. */
template <class Batch>
struct Held {
  Batch batch;
  int32_t own_cancel = 0; /* for a caller that has none */

  volatile int32_t *cancel() {
    if (batch.cancel == nullptr) batch.cancel = &own_cancel;
    return const_cast<volatile int32_t *>(batch.cancel);
  }
};

/* The words are those of the thread that ran, so they are asked for there. */
template <class Batch, class Run, class LastError>
Task task_of(const std::shared_ptr<Held<Batch>> &held, const std::shared_ptr<const Library> &library, Run run,
             LastError last_error) {
  const auto work = [held, library, run, last_error](std::string &words) {
    const int32_t code = run(&held->batch);
    if (code != LANES_OK && code != LANES_CANCELLED) words = last_error();
    return code;
  };
  return {work, held->cancel()};
}

napi_value run_body(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info);
  const auto library = from_handle(env, given.at[0]);
  const auto held = std::make_shared<Held<lanes_batch>>();
  const napi_value arrays = read_batch(env, given.at[1], *library, held->batch);
  return Call::start(env, task_of(held, library, library->run, library->last_error), arrays);
}

napi_value run_mlp_body(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info);
  const auto library = from_handle_with_mlp(env, given.at[0]);
  const auto held = std::make_shared<Held<lanes_mlp_batch>>();
  const napi_value arrays = read_mlp_batch(env, given.at[1], *library, held->batch);
  return Call::start(env, task_of(held, library, library->mlp_run, library->mlp_last_error), arrays);
}

napi_value choose_body(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info);
  const auto library = from_handle(env, given.at[0]);
  lanes_batch batch;
  read_batch(env, given.at[1], *library, batch);
  return to_value(env, library->choose(&batch));
}

napi_value weights_body(napi_env env, napi_callback_info info) {
  const Arguments<5> given(env, info);
  const auto library = from_handle(env, given.at[0]);
  const char *names[] = {"objective", "depth", "features", "width"};
  int32_t sizes[4];
  for (int i = 0; i < 4; i++) sizes[i] = whole_number_32(env, given.at[i + 1], names[i]);
  return to_value(env, static_cast<double>(library->weights(sizes[0], sizes[1], sizes[2], sizes[3])));
}

napi_value mlp_weights_body(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info);
  const auto library = from_handle_with_mlp(env, given.at[0]);
  lanes_mlp_batch batch;
  read_mlp_sizes(env, given.at[1], batch);
  return to_value(env, static_cast<double>(library->mlp_weights(&batch)));
}

} // namespace

napi_value run_batch(napi_env env, napi_callback_info info) { return guarded<run_body>(env, info); }

napi_value run_mlp_batch(napi_env env, napi_callback_info info) { return guarded<run_mlp_body>(env, info); }

napi_value choose_layout(napi_env env, napi_callback_info info) { return guarded<choose_body>(env, info); }

napi_value count_weights(napi_env env, napi_callback_info info) { return guarded<weights_body>(env, info); }

napi_value count_mlp_weights(napi_env env, napi_callback_info info) { return guarded<mlp_weights_body>(env, info); }
