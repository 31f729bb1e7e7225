#ifndef JEPALAB_KERNELS_PROGRAM_H
#define JEPALAB_KERNELS_PROGRAM_H
/*
 * The program of JepalabRuns, as workers/engines/tensorflow/kernels/join.ts writes it: a text of lines,
 *
 *   runs R
 *   in F d0 d1 …            a value: float input F, of this shape
 *   pick F I d0 d1 …        a value: of float input F, [n][d0][d1]…, that of the number in whole input I
 *   dense relu 0 1 2 > s    an instruction: its name and numbers, the values that it takes, where its results lie
 *
 * Values are numbered in the order of the lines, an instruction's results one after the other. `-` is no value. A result lies
 * in scratch, `s`; in output K, `oK`; or in output K in the place of float input F, `oK@F`; or is not wanted, `-`. In an output that
 * has a value already it lies instead of that, which nothing reads any more: weights that several steps change. Every value has the
 * axis of runs first, or is one number or one for each run (rates).
 */
#include <cstdint>
#include <string>
#include <vector>

#include "activation.h"

namespace kernels {
constexpr int none = -1;

enum class Deed { dense, input_slopes, weight_slopes, dense_sgd, sgd, adam, add, subtract, multiply, scale, squares };

struct Value {
  enum class Place { input, picked, scratch, result };
  std::vector<int64_t> dims;
  int64_t size;       // numbers of a run
  bool is_shared;     // one number for all runs
  Place place;
  int index, whole;   // of the input or result; of the whole input
  int64_t offset;     // in scratch: numbers of a run before it
};

struct Instruction {
  Deed deed;
  Activation activation;
  Activation before;  // of input slopes: what the layer's input came out of, where they go through that too
  std::vector<float> numbers;
  std::vector<int> operands, results;  // values, or `none`
};

/* An output of the operation, and the input whose memory it may take, or `none`. */
struct Result {
  std::vector<int64_t> dims;
  int in_place_of;
};

struct Program {
  int64_t runs = 0;
  std::vector<Value> values;
  std::vector<Instruction> instructions;
  std::vector<Result> results;
  std::vector<int> given;  // values of inputs that other instructions than updates read
  int inputs = 0, wholes = 0;
  int64_t scratch = 0;  // numbers of a run
  int64_t touched = 0;  // numbers of a run in all values
  double cycles = 0;    // of all runs, roughly
};

/* @returns what is wrong with the text, or nothing */
std::string read_program(const std::string& text, Program& program);

/* Gives every value in scratch its place; a result lies in none that its instruction reads. */
void place_scratch(Program& program);
}  // namespace kernels
#endif
