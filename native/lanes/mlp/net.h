#ifndef JEPALAB_LANES_MLP_NET_H
#define JEPALAB_LANES_MLP_NET_H
#include <algorithm>
#include <cstddef>

#include "cpu/net.h"
#include "cpu/turning.h"
#include "mlp/mlp.h"

namespace lanes {
/* One layer, or the decoder. Rows of `ld_*` floats, zero beyond the last column. */
struct Layer {
  int in, out;
  int ld_in, ld_out;
  int activation;
  float* down;               // W' [in][ld_out], for the way forward; what is updated
  float* up;                 // W [out][ld_in], for the way back; NULL in the first layer
  float* carry;              // of `down`
  float *bias, *bias_carry;  // [ld_out] or NULL
  float* result;             // activations [rows][ld_out]; NULL in the decoder

  /* Brings the form for the way back in line with the one that is updated, beside so many tiles. */
  Turning<Vec<float>> mirroring(int tiles) const {
    return {in, out, down, ld_out, up, ld_in, tiles};
  }
};

/* One thread's memory: a run's weights, the activations of a batch, and the gradients on their way back. */
struct MlpNet {
  const int layers;  // of the encoder; layer[layers] is the decoder
  const int rows;
  const bool jepa, compensated;
  Layer layer[LANES_MLP_MAX_LAYERS + 1];
  float *x, *y;  // the batch's inputs [rows][ld] and what f or the decoder is compared with
  int ld_x, ld_y;
  float* gradient[2];  // [rows][ld of the widest]
  int32_t* chosen;     // [rows] samples
  Arena arena;

  explicit MlpNet(const lanes_mlp_batch& b)
      : layers(b.layers),
        rows(b.rows),
        jepa(b.objective == LANES_JEPA),
        compensated(b.precision == LANES_COMPENSATED) {
    place(b);
    arena.allocate();
    place(b);
  }

  const Layer& decoder() const { return layer[layers]; }
  const float* input_of(int l) const { return l == 0 ? x : layer[l - 1].result; }

 private:
  static int whole(int n) { return (n + 15) / 16 * 16; }
  // A power of two of floats from row to row would put a column into few cache sets.
  static int stride(int n) { return whole(n) + (whole(n) % 128 == 0 ? 16 : 0); }

  float* matrix(int count, int ld) { return arena.cut<float>(static_cast<std::size_t>(whole(count)) * ld); }

  void place(const lanes_mlp_batch& b) {
    int widest = 0;
    for (int l = 0; l <= layers; l++) {
      Layer& to = layer[l];
      to.in = b.width[l];
      to.out = l < layers ? b.width[l + 1] : b.outputs;
      to.ld_in = stride(to.in);
      to.ld_out = stride(to.out);
      const bool is_linear = l == layers || (l == layers - 1 && b.linear_top == 1);
      to.activation = is_linear ? LANES_LINEAR : b.activation;
      to.down = matrix(to.in, to.ld_out);
      to.up = l > 0 ? matrix(to.out, to.ld_in) : nullptr;
      to.carry = compensated ? matrix(to.in, to.ld_out) : nullptr;
      to.bias = b.bias == 1 ? matrix(1, to.ld_out) : nullptr;
      to.bias_carry = b.bias == 1 && compensated ? matrix(1, to.ld_out) : nullptr;
      to.result = l < layers ? matrix(rows, to.ld_out) : nullptr;
      widest = std::max({widest, to.ld_in, to.ld_out});
    }
    ld_x = stride(b.width[0]);
    ld_y = stride(jepa ? b.width[0] : b.outputs);
    x = matrix(rows, ld_x);
    y = matrix(rows, ld_y);
    gradient[0] = matrix(rows, widest);
    gradient[1] = matrix(rows, widest);
    chosen = arena.cut<int32_t>(static_cast<std::size_t>((rows + 63) / 64 * 64));
  }
};
}  // namespace lanes
#endif
