/*
 * JepalabRuns: several operations of ours as one, by a program (program.h), with their bits. Several small runs go through all of it
 * piece by piece, so that what lies between two operations never leaves the caches; one run, or few that do not come out even
 * between the threads, instruction by instruction, each shared as it is alone.
 */
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <vector>

#include "ahead.h"
#include "crew.h"
#include "elementwise.h"
#include "layer.h"
#include "operation.h"
#include "program.h"
#include "registry.h"

namespace kernels {
namespace {
/* Of a piece of several runs: what stays in a second cache beside what streams through. */
constexpr int64_t piece_floats = 128 * 1024 / sizeof(float);
/* Of scratch that a thread keeps. */
constexpr size_t kept_floats = size_t{16} << 20;

/* A thread's memory between instructions; on a line of the cache. */
class Room {
 public:
  float* of(size_t floats) {
    if (floats > size_) {
      room_.reset(static_cast<float*>(std::aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64)));
      size_ = room_ == nullptr ? 0 : floats;
    }
    return room_.get();
  }
  void tidy() {
    if (size_ > kept_floats) room_.reset(), size_ = 0;
  }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  std::unique_ptr<float, Free> room_;
  size_t size_ = 0;
};
thread_local Room room;

/* The runs from `first` on, on their way through a program. */
class Piece {
 public:
  Piece(const Program& program, const std::vector<float*>& bases, int64_t first, int64_t runs, float* scratch)
      : program_(program), bases_(bases), first_(first), runs_(runs), scratch_(scratch) {}

  void run() const {
    for (const Instruction& one : program_.instructions) step(one);
  }

  /* What is given to the instructions, but for what an update keeps, which comes beside its own product. */
  void expect(Ahead& ahead) const {
    for (const int value : program_.given) ahead.add(at(value), runs_ * program_.values[value].size);
  }

 private:
  float* at(int value) const {
    if (value == none) return nullptr;
    const Value& found = program_.values[value];
    if (found.place == Value::Place::scratch) return scratch_ + found.offset * runs_;
    return bases_[value] + (found.is_shared ? 0 : first_ * found.size);
  }
  Rates rates(int value) const { return {at(value), program_.values[value].is_shared ? 0 : 1}; }
  Slot slot(int before, int after) const { return {at(before), at(after)}; }
  /* Of x [R][B][I] and y [R][B][O]. */
  Layer layer(const Instruction& one, int x, int y) const {
    const auto& in = program_.values[x].dims;
    return {runs_, in[1], in[2], program_.values[y].dims[2], one.activation};
  }

  void step(const Instruction& one) const {
    const std::vector<int>&in = one.operands, &out = one.results;
    const std::vector<float>& c = one.numbers;
    switch (one.deed) {
      case Deed::dense:
        return layer_forward(layer(one, in[0], out[0]), at(in[0]), at(in[1]), at(in[2]), at(out[0]));
      case Deed::input_slopes:
        return layer_input_slopes(layer(one, out[0], in[1]), at(in[0]), at(in[1]), at(in[2]), at(out[0]), {at(in[3]), one.before});
      case Deed::weight_slopes:
        return layer_weight_slopes(layer(one, in[0], in[1]), at(in[0]), at(in[1]), at(in[2]), at(out[0]), at(out[1]));
      case Deed::dense_sgd: {
        const Step update{at(in[3]), at(out[1]), slot(in[5], out[2]), slot(in[6], out[3]), rates(in[4])};
        return layer_weight_step(layer(one, in[0], in[1]), at(in[0]), at(in[1]), at(in[2]), at(out[0]), {c[0], c[1]}, update);
      }
      case Deed::sgd:
        return sgd({c[0], c[1]}, weights(in[0], in[1], out[0]), slot(in[3], out[1]), slot(in[4], out[2]), rates(in[2]));
      case Deed::adam:
        return adam({c[0], c[1], c[2], c[3], c[4], c[5], c[6] != 0}, weights(in[0], in[1], out[0]), slot(in[5], out[1]),
                    slot(in[6], out[2]), slot(in[7], out[3]), rates(in[2]), rates(in[3]), rates(in[4]));
      case Deed::add:
        return add(count(out[0]), at(in[0]), at(in[1]), at(out[0]));
      case Deed::subtract:
        return subtract(count(out[0]), at(in[0]), at(in[1]), at(out[0]));
      case Deed::multiply:
        return multiply(count(out[0]), at(in[0]), at(in[1]), at(out[0]));
      case Deed::scale:
        return scale(count(out[0]), at(in[0]), c[0], at(out[0]));
      case Deed::squares:
        return squares(runs_, program_.values[in[0]].size, at(in[0]), at(out[0]));
    }
  }
  int64_t count(int value) const { return runs_ * program_.values[value].size; }
  Weights weights(int before, int gradient, int after) const {
    return {runs_, program_.values[before].size, at(before), at(gradient), at(after)};
  }

  const Program& program_;
  const std::vector<float*>& bases_;
  const int64_t first_, runs_;
  float* const scratch_;
};

/* Inputs: tensors of numbers, then places in some of them. */
struct Runs {
  explicit Runs(Construction& made) : inputs(made.whole("inputs")), wholes(made.whole("wholes")) {
    std::string trouble = read_program(made.text("program"), program);
    if (trouble.empty() && (program.inputs > inputs || program.wholes > wholes || made.whole("results") != static_cast<int>(program.results.size())))
      trouble = "its program has other inputs or results";
    if (!trouble.empty()) made.refuse("JepalabRuns: " + trouble);
  }

  void compute(Call& call) const {
    std::vector<float*> bases(program.values.size(), nullptr);
    std::vector<Tensor> held;
    // Before the inputs are held, for memory that is held twice is not handed on.
    for (size_t k = 0; k < program.results.size(); k++) {
      const auto& [dims, in_place_of] = program.results[k];
      const int rank = static_cast<int>(dims.size()), index = static_cast<int>(k);
      held.push_back(in_place_of == none ? call.output(index, dims.data(), rank) : call.in_place_of(in_place_of, index, dims.data(), rank));
    }
    for (int k = 0; k < inputs; k++) held.push_back(call.input(k));
    if (call.failed()) return;
    const Tensor* const given = held.data() + program.results.size();
    for (size_t v = 0; v < program.values.size(); v++) {
      const Value& value = program.values[v];
      if (value.place == Value::Place::result) bases[v] = held[value.index].at();
      if (value.place == Value::Place::input) bases[v] = taken(call, given[value.index], value);
      if (value.place == Value::Place::picked) bases[v] = picked(call, given[value.index], value);
      if (call.failed()) return;
    }
    work(call, bases);
  }

  static float* taken(Call& call, const Tensor& tensor, const Value& value) {
    const int rank = static_cast<int>(value.dims.size());
    if (!tensor.is(rank) || !std::equal(value.dims.begin(), value.dims.end(), tensor.dims()))
      call.refuse("input %d is %s", value.index, tensor.shape().c_str());
    return tensor.at();
  }

  float* picked(Call& call, const Tensor& tensor, const Value& value) const {
    const int rank = static_cast<int>(value.dims.size()) + 1;
    if (!tensor.is(rank) || rank > Tensor::most || !std::equal(value.dims.begin(), value.dims.end(), tensor.dims() + 1)) {
      call.refuse("input %d is %s", value.index, tensor.shape().c_str());
      return nullptr;
    }
    const int64_t at = call.whole(inputs + value.whole);
    if (!call.failed() && (at < 0 || at >= tensor.dim(0)))
      call.refuse("number %lld of an input of %s", static_cast<long long>(at), tensor.shape().c_str());
    return tensor.at() + at * value.size * program.runs;
  }

  void work(Call& call, const std::vector<float*>& bases) const {
    const auto through = [&](int64_t first, int64_t runs) {
      float* const scratch = room.of(static_cast<size_t>(program.scratch * runs));
      if (scratch == nullptr && program.scratch * runs > 0) return false;
      Piece(program, bases, first, runs, scratch).run();
      room.tidy();
      return true;
    };
    std::atomic<bool> has_room{true};
    const int64_t runs = program.runs;
    if (!is_by_pieces()) {
      has_room = through(0, runs);
    } else {
      const int64_t piece = piece_runs(), pieces = (runs + piece - 1) / piece;
      const bool is_back = calls.fetch_add(1) % 2 == 1;
      const auto runs_of = [&](int64_t item) { return std::min(piece, runs - item * piece); };
      share(pieces, program.cycles, [&](int64_t place) {
        const Items own = share_with(place, pieces);
        const auto item_at = [&](int64_t at) { return is_back ? own.begin + own.end - 1 - at : at; };
        const int64_t item = item_at(place), next = item_at(place + 1);
        const Alone alone;
        Ahead& ahead = Ahead::here();
        if (place + 1 < own.end) Piece(program, bases, next * piece, runs_of(next), nullptr).expect(ahead);
        if (!through(item * piece, runs_of(item))) has_room = false;
        ahead.clear();
      });
    }
    if (!has_room) call.refuse("no memory for %lld numbers of a run", static_cast<long long>(program.scratch));
  }

  /* Where threads come out even, or nothing is shared anyway. */
  bool is_by_pieces() const {
    const int64_t threads = crew_size(), runs = program.runs;
    const int64_t rounds = (runs + threads - 1) / threads;
    return runs > 1 && (program.cycles < shared_from || 5 * rounds * threads <= 6 * runs);
  }

  /* Runs of a piece: what fits into the caches, in pieces that come out even. */
  int64_t piece_runs() const {
    const int64_t threads = crew_size(), runs = program.runs;
    const int64_t most = std::max<int64_t>(1, piece_floats / std::max<int64_t>(1, program.touched));
    const int64_t rounds = (runs + most * threads - 1) / (most * threads);
    return std::max<int64_t>(1, (runs + rounds * threads - 1) / (rounds * threads));
  }

  int inputs, wholes;
  Program program;
  /* Every other call goes through a thread's pieces from the last to the first, which lie in its cache yet. */
  mutable std::atomic<unsigned> calls{0};
};
}  // namespace

void register_runs(std::string& trouble) {
  register_operation<Runs>({"JepalabRuns",
                            {"given: inputs * float", "places: wholes * int32"},
                            {"made: results * float"},
                            {"inputs: int >= 1", "wholes: int >= 0", "results: int >= 1", "program: string"}},
                           trouble);
}
}  // namespace kernels
