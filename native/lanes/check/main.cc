/*
 * Compares a build of the kernels with the scalar model and with plain doubles, then times it. Needs no Node.
 *
 *   g++ -std=c++17 -O2 -ffp-contract=off native/lanes/check/[a-z]*.cc -Inative/lanes -ldl -pthread -o check
 *   ./check --library liblanes-avx2.so [--check] [--small] [--against FILE] [--time] [--json] [--threads N]
 *
 * --against: a library whose sgd on moments in law must be bit-equal.
 *
 * Ends with 0 where everything agreed, 1 where something differed, 2 where the library or an option is no
 * use, 3 where the library says that it has no device.
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "case.h"
#include "verdict.h"

namespace {

struct Options {
  const char *library = nullptr, *against = nullptr;
  bool check = false, time = false, json = false, small = false;
  int threads = 1;
};

bool parse(int count, char** words, Options& o) {
  for (int i = 1; i < count; i++) {
    const std::string word = words[i];
    if (word == "--library" && i + 1 < count)
      o.library = words[++i];
    else if (word == "--against" && i + 1 < count)
      o.against = words[++i];
    else if (word == "--threads" && i + 1 < count)
      o.threads = std::atoi(words[++i]);
    else if (word == "--check")
      o.check = true;
    else if (word == "--time")
      o.time = true;
    else if (word == "--json")
      o.json = true;
    else if (word == "--small")
      o.small = true;
    else
      return false;
  }
  return o.library != nullptr && o.threads >= 1 && o.threads <= 256;
}

/** True where the library has something to run on. */
bool has_device(const Library& library) {
  Case c = make_case(Shape());
  const lanes_batch batch = c.view(1);
  if (library.run(&batch) != LANES_NO_DEVICE) return true;
  std::fprintf(stderr, "%s: %s\n", library.name(), library.last_error());
  return false;
}

}  // namespace

int main(int count, char** words) {
  Options options;
  if (!parse(count, words, options)) {
    std::fprintf(
        stderr,
        "check --library FILE [--check] [--small] [--against FILE] [--time] [--json] [--threads 1..256]\n");
    return 2;
  }
  const Library library(options.library);
  if (!library.error.empty()) {
    std::fprintf(stderr, "%s does not load: %s\n", options.library, library.error.c_str());
    return 2;
  }
  if (!has_device(library)) return 3;
  bool good = true;
  if (options.check || !options.time) {
    Verdict verdict;
    check_refusals(library, verdict);
    check_training(library, !options.small, verdict);
    check_lives(library, verdict);
    if (options.against != nullptr) {
      const Library other(options.against);
      if (!other.error.empty()) {
        std::fprintf(stderr, "%s does not load: %s\n", options.against, other.error.c_str());
        return 2;
      }
      check_moments(library, other, verdict);
    }
    std::fprintf(options.json ? stderr : stdout, "%s: %d cases, %d differences\n", library.name(),
                 verdict.cases, verdict.wrong);
    good = verdict.wrong == 0;
  }
  if (options.time && good) good = time_library(library, options.threads, options.json);
  return good ? 0 : 1;
}
