#ifndef JEPALAB_LANES_ADDON_CALL_H
#define JEPALAB_LANES_ADDON_CALL_H
#include <node_api.h>

#include <functional>
#include <string>
#include <thread>

/* What a call does: `run` returns a lanes_code and, for a refusal, sets the words; `*cancel` ends it early. */
struct Task {
  std::function<int(std::string &words)> run;
  volatile int32_t *cancel;
};

/*
 * One task on a thread of its own, not of libuv's pool: four long batches there would hold up every file and name
 * look-up of the process, and its end as well.
 *
 * The promise settles on the event loop. Where the environment ends first (a worker thread that is terminated),
 * the task is cancelled and waited for, some milliseconds, so that nothing is written to freed memory.
 */
class Call {
 public:
  /* @returns the promise of { code, words }; `arrays` is kept alive until it settles. */
  static napi_value start(napi_env env, Task task, napi_value arrays);
  ~Call();

 private:
  Call(napi_env env, Task task);
  void work();
  void settle(napi_env env);
  static void on_done(napi_env env, napi_value callback, void *context, void *data);
  static void on_finalize(napi_env env, void *data, void *hint);
  static void on_teardown(void *data);

  napi_env env_;
  Task task_;
  napi_ref arrays_ = nullptr;
  napi_deferred promise_ = nullptr;
  napi_threadsafe_function done_ = nullptr;
  bool hooked_ = false;
  std::thread thread_;
  int code_ = 0;
  std::string words_;
};
#endif
