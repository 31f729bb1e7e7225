#ifndef JEPALAB_LANES_CHECK_VERDICT_H
#define JEPALAB_LANES_CHECK_VERDICT_H
#include <cstdarg>
#include <cstdio>
#include <string>

#include "library.h"

/** Counts what was compared; prints each thing that differs, the first hundred of them. */
class Verdict {
 public:
  int cases = 0, wrong = 0;

  /** True where `holds`; else prints the case's name and the sentence. */
  __attribute__((format(printf, 4, 5))) bool demand(bool holds, const std::string& name, const char* format,
                                                    ...) {
    if (holds) return true;
    if (wrong++ < 100) {
      std::printf("differs: %s: ", name.c_str());
      va_list arguments;
      va_start(arguments, format);
      std::vprintf(format, arguments);
      va_end(arguments);
      std::printf("\n");
    }
    return false;
  }
};

/** Population descent and handed batches against the scalar model (bits) and plain doubles. `large`: bigger
 * shapes too. */
void check_training(const Library& library, bool large, Verdict& verdict);
/** Runs that are not finite or diverge, cancelled calls, calls cut into pieces. */
void check_lives(const Library& library, Verdict& verdict);
/** Sgd on moments in law, against another library. */
void check_moments(const Library& library, const Library& other, Verdict& verdict);
/** Structs that must be refused, with their code. */
void check_refusals(const Library& library, Verdict& verdict);
/** Times the library; `json` prints one object a line. @returns false where a call fails */
bool time_library(const Library& library, int threads, bool json);
#endif
