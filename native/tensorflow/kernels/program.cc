/* Reads a program and holds every shape in it to what its instructions take. */
#include "program.h"

#include <algorithm>
#include <locale>
#include <sstream>

#include "cpu/vec.h"

namespace kernels {
namespace {
using Dims = std::vector<int64_t>;

struct Kind {
  const char* name;
  Deed deed;
  size_t activations, numbers, operands, results;
};

constexpr Kind kinds[] = {
    {"dense", Deed::dense, 1, 0, 3, 1},
    {"input-slopes", Deed::input_slopes, 2, 0, 4, 1},
    {"weight-slopes", Deed::weight_slopes, 1, 0, 3, 2},
    {"dense-sgd", Deed::dense_sgd, 1, 2, 7, 4},
    {"sgd", Deed::sgd, 0, 2, 5, 3},
    {"adam", Deed::adam, 0, 7, 8, 4},
    {"add", Deed::add, 0, 0, 2, 1},
    {"subtract", Deed::subtract, 0, 0, 2, 1},
    {"multiply", Deed::multiply, 0, 0, 2, 1},
    {"scale", Deed::scale, 0, 1, 1, 1},
    {"squares", Deed::squares, 0, 0, 1, 1},
};

class Reader {
 public:
  explicit Reader(Program& program) : program_(program) {}

  bool line(const std::string& text) {
    std::istringstream words(text);
    words.imbue(std::locale::classic());
    std::string name;
    words >> name;
    if (name == "runs") return words >> program_.runs && program_.runs >= 0 && program_.values.empty();
    if (name == "in" || name == "pick") return input(words, name == "pick");
    const auto kind = std::find_if(std::begin(kinds), std::end(kinds), [&](const Kind& one) { return name == one.name; });
    return kind != std::end(kinds) && instruction(words, *kind);
  }

 private:
  bool input(std::istringstream& words, bool is_picked) {
    Value value{};
    value.whole = none;
    if (!(words >> value.index) || value.index < 0) return false;
    if (is_picked && (!(words >> value.whole) || value.whole < 0)) return false;
    int64_t most = int64_t{1} << 40;  // numbers; what is larger no machine holds
    for (int64_t dim; words >> dim; most /= std::max<int64_t>(dim, 1)) {
      if (dim < 0 || dim > most) return false;
      value.dims.push_back(dim);
    }
    value.place = is_picked ? Value::Place::picked : Value::Place::input;
    value.is_shared = value.dims.empty() || value.dims[0] != program_.runs;
    if (value.is_shared && size_of(value.dims) != 1) return false;
    program_.inputs = std::max(program_.inputs, value.index + 1);
    program_.wholes = std::max(program_.wholes, value.whole + 1);
    keep(value);
    return true;
  }

  bool instruction(std::istringstream& words, const Kind& kind) {
    Instruction one{kind.deed, Activation::linear, Activation::linear, {}, {}, {}};
    std::string word;
    for (size_t k = 0; k < kind.activations; k++) {
      if (!(words >> word)) return false;
      (k == 0 ? one.activation : one.before) = activation_of(word);
    }
    for (size_t k = 0; k < kind.numbers; k++) {
      double number;  // an attribute's float is one that was rounded from this, too
      if (!(words >> number)) return false;
      one.numbers.push_back(static_cast<float>(number));
    }
    for (size_t k = 0; k < kind.operands; k++) {
      if (!(words >> word)) return false;
      const int value = word == "-" ? none : number_of(word);
      if (value < none || value >= static_cast<int>(program_.values.size()) || (value != none && is_over(value))) return false;
      one.operands.push_back(value);
    }
    std::vector<Dims> dims;
    if (!fits(one, dims) || dims.size() != kind.results || !(words >> word) || word != ">") return false;
    for (size_t k = 0; k < kind.results; k++)
      if (!(words >> word) || (word == "-" && !dims[k].empty() && !is_left_out(kind.deed, k)) || !result(word, dims[k], one)) return false;
    program_.instructions.push_back(one);
    if (!is_update(one.deed)) note_given(one);
    return true;
  }

  static bool is_update(Deed deed) { return deed == Deed::dense_sgd || deed == Deed::sgd || deed == Deed::adam; }

  void note_given(const Instruction& one) {
    auto& given = program_.given;
    for (const int value : one.operands) {
      if (value == none || std::find(given.begin(), given.end(), value) != given.end()) continue;
      const Value& read = program_.values[value];
      if (!read.is_shared && (read.place == Value::Place::input || read.place == Value::Place::picked)) given.push_back(value);
    }
  }

  /* The slopes of a bias that is not there. */
  static bool is_left_out(Deed deed, size_t result) {
    return (deed == Deed::dense_sgd && result == 0) || (deed == Deed::weight_slopes && result == 1);
  }

  bool result(const std::string& word, const Dims& dims, Instruction& one) {
    if (word == "-") {
      one.results.push_back(none);
      return true;
    }
    if (dims.empty()) return false;  // there is no such result
    Value value{dims, 0, false, Value::Place::scratch, none, none, 0};
    if (word != "s") {
      const size_t at = word.find('@');
      const int output = word[0] == 'o' ? number_of(word.substr(1, at == std::string::npos ? at : at - 1)) : none;
      const int place = at == std::string::npos ? none : number_of(word.substr(at + 1));
      if (output < 0 || place < none || place >= program_.inputs || !lies_in(output, place, dims)) return false;
      value.place = Value::Place::result;
      value.index = output;
    }
    const int number = static_cast<int>(program_.values.size());
    one.results.push_back(number);
    keep(value);
    if (value.place == Value::Place::result) latest_[value.index] = number;
    return true;
  }

  /* In a new output, or where an earlier value of that shape has ended. */
  bool lies_in(int output, int place, const Dims& dims) {
    const int outputs = static_cast<int>(program_.results.size());
    if (output < outputs) return place == none && program_.results[output].dims == dims;
    if (output > outputs) return false;
    program_.results.push_back({dims, place});
    latest_.push_back(none);
    return true;
  }

  /* Whether another value lies there by now. */
  bool is_over(int value) const {
    const Value& one = program_.values[value];
    return one.place == Value::Place::result && latest_[one.index] != value;
  }

  void keep(Value value) {
    value.size = value.is_shared || program_.runs == 0 ? 1 : size_of(value.dims) / program_.runs;
    const bool is_next = value.place == Value::Place::result && latest_[value.index] != none;
    if (value.place != Value::Place::scratch && !is_next) program_.touched += value.size;
    program_.values.push_back(value);
  }

  /* Whether an instruction's operands have shapes that go together; those of its results, none for a slot that it has not. */
  bool fits(const Instruction& one, std::vector<Dims>& results) {
    const auto has = [&](int k, const Dims& dims) { return one.operands[k] != none && dims_of(one, k) == dims; };
    const auto may = [&](int k, const Dims& dims) { return one.operands[k] == none || dims_of(one, k) == dims; };
    const auto kept = [&](int k) { return one.operands[k] == none ? Dims() : dims_of(one, k); };
    const int64_t R = program_.runs;
    const auto product = [&](const Dims& w, int64_t rows) { program_.cycles += static_cast<double>(R) * rows * w[1] * (w[2] + 8) / (2 * lanes::Vec<float>::width); };
    for (const int value : one.operands)
      if (value != none && program_.values[value].is_shared && !is_rate(one, value)) return false;
    switch (one.deed) {
      case Deed::dense: {
        if (!is(one, 0, 3) || !is(one, 1, 3)) return false;
        const Dims x = dims_of(one, 0), w = dims_of(one, 1);
        results = {{R, x[1], w[2]}};
        product(w, x[1]);
        return x[2] == w[1] && may(2, {R, w[2]});
      }
      case Deed::input_slopes: {
        if (!is(one, 0, 3) || !is(one, 1, 3)) return false;
        const Dims w = dims_of(one, 0), y = dims_of(one, 1);
        results = {{R, y[1], w[1]}};
        product(w, y[1]);
        return y[2] == w[2] && has(2, y) && (one.before == Activation::linear || has(3, results[0]));
      }
      case Deed::weight_slopes:
      case Deed::dense_sgd: {
        if (!is(one, 0, 3) || !is(one, 1, 3)) return false;
        const Dims x = dims_of(one, 0), y = dims_of(one, 1), w = {R, x[2], y[2]}, b = {R, y[2]};
        product(w, x[1]);
        if (x[1] != y[1] || !has(2, y)) return false;
        if (one.deed == Deed::weight_slopes) return results = {w, b}, true;
        results = {b, w, kept(5), kept(6)};
        return has(3, w) && is_rates(one, 4) && may(5, w) && may(6, w);
      }
      case Deed::sgd: {
        if (one.operands[0] == none) return false;
        const Dims w = dims_of(one, 0);
        results = {w, kept(3), kept(4)};
        return has(1, w) && is_rates(one, 2) && may(3, w) && may(4, w);
      }
      case Deed::adam: {
        if (one.operands[0] == none) return false;
        const Dims w = dims_of(one, 0);
        results = {w, kept(5), kept(6), kept(7)};
        return has(1, w) && is_rates(one, 2) && is_rates(one, 3) && is_rates(one, 4) && has(5, w) && has(6, w) && may(7, w);
      }
      case Deed::scale:
        results = {kept(0)};
        return one.operands[0] != none;
      case Deed::squares:
        results = {{R}};
        return one.operands[0] != none;
      default:
        results = {kept(0)};
        return one.operands[0] != none && has(1, dims_of(one, 0));
    }
  }

  const Dims& dims_of(const Instruction& one, int k) const { return program_.values[one.operands[k]].dims; }
  bool is(const Instruction& one, int k, size_t rank) const { return one.operands[k] != none && dims_of(one, k).size() == rank; }
  /* One number, or one for each run. */
  bool is_rates(const Instruction& one, int k) const {
    return one.operands[k] != none && program_.values[one.operands[k]].size == 1;
  }
  static bool is_rate(const Instruction& one, int value) {
    const auto is = [&](size_t k) { return one.operands[k] == value; };
    if (one.deed == Deed::dense_sgd) return is(4);
    return one.deed == Deed::sgd ? is(2) : one.deed == Deed::adam && (is(2) || is(3) || is(4));
  }

  static int64_t size_of(const Dims& dims) {
    int64_t size = 1;
    for (const int64_t dim : dims) size *= dim;
    return size;
  }
  /* −2 where it is none. */
  static int number_of(const std::string& word) {
    if (word.empty() || word.size() > 9) return -2;
    int number = 0;
    for (const char digit : word) {
      if (digit < '0' || digit > '9') return -2;
      number = 10 * number + (digit - '0');
    }
    return number;
  }

  Program& program_;
  std::vector<int> latest_;  // of each output the value that lies there last
};
}  // namespace

std::string read_program(const std::string& text, Program& program) {
  Reader reader(program);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (!reader.line(line)) return "its program has the line \"" + line + "\"";
  place_scratch(program);
  program.touched += program.scratch;
  return "";
}
}  // namespace kernels
