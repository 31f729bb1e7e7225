/*
 * What the lanes suite measures without Node: the FMA peak, and the small-MLP kernels, which a cohort calls.
 *
 *   probe peak THREADS SECONDS                                     -> {"float32": FLOP/s}
 *   probe mlp LIBRARY FOLDER INPUTS WIDTH RUNS ROWS SAMPLES PRECISION THREADS SEED RATE SECONDS STEPS
 *
 * mlp trains INPUTS-WIDTH-WIDTH-INPUTS tanh networks with biases on FOLDER/{x,y,weights}.f64: STEPS updates, written to
 * FOLDER/ours.f64, where SECONDS is 0; else as many as take that long. -> {"steps": n, "seconds": t}
 */
#include <dlfcn.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "mlp/mlp.h"
#include "peak.h"

namespace {

std::vector<double> read_doubles(const std::string &path, std::size_t count) {
  std::vector<double> values(count);
  std::FILE *file = std::fopen(path.c_str(), "rb");
  const std::size_t found = file == nullptr ? 0 : std::fread(values.data(), sizeof(double), count, file);
  if (file != nullptr) std::fclose(file);
  if (found == count) return values;
  std::fprintf(stderr, "%s has %zu doubles, %zu are needed\n", path.c_str(), found, count);
  std::exit(2);
}

struct Networks {
  int inputs, width, runs, rows, samples, precision, threads;
  int64_t seed;
  double rate;
  std::vector<float> x, y;
  std::vector<double> start;

  std::size_t weights() const {
    const std::size_t n = inputs, w = width;
    return (w * n + w) + (w * w + w) + (n * w + n);
  }

  void read(const std::string &folder) {
    const auto floats = [](const std::vector<double> &v) { return std::vector<float>(v.begin(), v.end()); };
    x = floats(read_doubles(folder + "/x.f64", std::size_t(samples) * inputs));
    y = floats(read_doubles(folder + "/y.f64", std::size_t(samples) * inputs));
    start = read_doubles(folder + "/weights.f64", std::size_t(runs) * weights());
  }
};

using Run = int32_t (*)(const lanes_mlp_batch *);
using Words = const char *(*)();

/* Trains from the start; `end` receives the weights. @returns seconds of the call */
double train(const Networks &n, Run run, Words words, int64_t updates, double rate, std::vector<double> &end) {
  end = n.start;
  std::vector<double> carry(end.size()), rates(n.runs, rate), lost(2 * n.runs);
  std::vector<int64_t> seeds(n.runs), ends(n.runs, updates), step(n.runs);
  std::vector<int32_t> status(n.runs);
  for (int r = 0; r < n.runs; r++) seeds[r] = n.seed + r;
  lanes_mlp_batch b = {};
  b.version = LANES_MLP_VERSION, b.bytes = sizeof b;
  b.objective = LANES_MAE, b.activation = LANES_TANH, b.bias = 1, b.precision = n.precision;
  b.threads = n.threads, b.runs = n.runs, b.layers = 2;
  b.width[0] = n.inputs, b.width[1] = b.width[2] = n.width, b.outputs = n.inputs;
  b.rows = n.rows, b.samples = n.samples, b.budget = updates;
  b.x = n.x.data(), b.y = n.y.data(), b.seed = seeds.data(), b.rate = rates.data(), b.end = ends.data();
  b.weights = end.data(), b.carry = carry.data(), b.step = step.data();
  b.status = status.data(), b.lost = lost.data();
  const auto from = std::chrono::steady_clock::now();
  const int32_t code = run(&b);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
  bool whole = code == LANES_OK;
  for (int32_t s : status) whole = whole && s == LANES_DONE;
  if (whole) return seconds;
  std::fprintf(stderr, "code %d: %s\n", code, words());
  std::exit(1);
}

int mlp(char **words) {
  Networks n;
  const char *library = words[0];
  const std::string folder = words[1];
  n.inputs = std::atoi(words[2]), n.width = std::atoi(words[3]), n.runs = std::atoi(words[4]);
  n.rows = std::atoi(words[5]), n.samples = std::atoi(words[6]);
  n.precision = std::strcmp(words[7], "float32") == 0 ? LANES_FLOAT32 : LANES_COMPENSATED;
  n.threads = std::atoi(words[8]), n.seed = std::atoll(words[9]), n.rate = std::atof(words[10]);
  const double seconds = std::atof(words[11]);
  int64_t steps = std::atoll(words[12]);
  n.read(folder);
  void *handle = dlopen(library, RTLD_NOW);
  const auto run = handle ? reinterpret_cast<Run>(dlsym(handle, "lanes_mlp_run")) : nullptr;
  const auto said = handle ? reinterpret_cast<Words>(dlsym(handle, "lanes_mlp_last_error")) : nullptr;
  if (run == nullptr || said == nullptr) {
    std::fprintf(stderr, "%s is no build of the kernels with lanes_mlp_run: %s\n", library, dlerror());
    return 2;
  }
  std::vector<double> end;
  double passed = train(n, run, said, steps, n.rate, end);
  while (passed < seconds) {
    steps = std::max<int64_t>(steps + 1, std::llround(1.05 * steps * std::fmin(8, seconds / passed)));
    passed = train(n, run, said, steps, n.rate, end);
  }
  if (seconds == 0) {
    std::FILE *file = std::fopen((folder + "/ours.f64").c_str(), "wb");
    if (file == nullptr || std::fwrite(end.data(), sizeof(double), end.size(), file) != end.size()) return 2;
    std::fclose(file);
  }
  std::printf("{\"steps\":%lld,\"seconds\":%.9g}\n", static_cast<long long>(steps), passed);
  return 0;
}

}  // namespace

int main(int count, char **words) {
  if (count == 4 && std::strcmp(words[1], "peak") == 0) {
    std::printf("{\"float32\":%.6g}\n", measure_peak(false, std::atoi(words[2]), std::atof(words[3]), 1));
    return 0;
  }
  if (count == 15 && std::strcmp(words[1], "mlp") == 0) return mlp(words + 2);
  std::fprintf(stderr, "probe peak THREADS SECONDS | probe mlp ... (see the head of probe.cc)\n");
  return 2;
}
