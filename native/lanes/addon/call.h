#ifndef JEPALAB_LANES_ADDON_CALL_H
#define JEPALAB_LANES_ADDON_CALL_H
#include <addon/library.h>
#include <lanes.h>
#include <node_api.h>

#include <memory>
#include <string>
#include <thread>

/*
 * One run of a batch on a thread of its own, not of libuv's pool: four long batches there would hold up every
 * file and name look-up of the process, and its end as well.
 *
 * The promise settles on the event loop. Where the environment ends first (a worker thread that is terminated),
 * the call is cancelled and waited for, some milliseconds, so that nothing is written to freed memory.
 */
class Call {
 public:
  /* @returns the promise of { code, words }; `arrays` is kept alive until it settles. */
  static napi_value start(napi_env env, std::shared_ptr<const Library> library, const lanes_batch &batch,
                          napi_value arrays);
  ~Call();

 private:
  Call(napi_env env, std::shared_ptr<const Library> library, const lanes_batch &batch);
  void work();
  void settle(napi_env env);
  static void on_done(napi_env env, napi_value callback, void *context, void *data);
  static void on_finalize(napi_env env, void *data, void *hint);
  static void on_teardown(void *data);

  napi_env env_;
  std::shared_ptr<const Library> library_;
  lanes_batch batch_;
  int32_t own_cancel_ = 0;
  volatile int32_t *cancel_; /* the caller's or ours */
  napi_ref arrays_ = nullptr;
  napi_deferred promise_ = nullptr;
  napi_threadsafe_function done_ = nullptr;
  bool hooked_ = false;
  std::thread thread_;
  int32_t code_ = LANES_OK;
  std::string words_;
};
#endif
