/*
 * Operations on images and maps. `results` are those of the activation that `slope` names, whose slopes come in: the
 * operation takes them through it. A tensor without elements stands for none, of results or of a bias.
 */
#include "convolution.h"

#include <algorithm>
#include <new>

#include "operation.h"
#include "registry.h"

namespace kernels {
namespace {
constexpr int64_t most = int64_t{1} << 26;  // floats of one picture: places are counted in 32 bits

int small(int64_t size) { return static_cast<int>(std::min(size, most)); }

/* An image and a filter, [R][B][H][W][C] and [R][kh][kw][C][F]; `sizes` of the image alone are looked at. */
struct Sizes {
  const int64_t* image;
  const int64_t* filter;
};

Shape shape_of(Sizes sizes, int stride) {
  const int64_t *i = sizes.image, *f = sizes.filter;
  return {i[0], i[1], small(i[2]), small(i[3]), small(i[4]), small(f[1]), small(f[2]), small(f[4]), small(stride)};
}

/* Tells a call where its sizes cannot be worked with, before as much memory is asked for. @returns whether all is well */
bool is_sized(Call& call, const Shape& s) {
  const double framed = (1.0 * s.height + s.kernel_height) * (1.0 * s.width + s.kernel_width);
  const double largest = framed * (s.channels + s.filters) + 1.0 * s.kernel_height * s.kernel_width * s.channels * s.filters;
  if (s.runs < 1 || s.batch < 1 || s.height < 1 || s.width < 1 || s.channels < 1 || s.kernel_height < 1 || s.kernel_width < 1 ||
      s.filters < 1)
    call.refuse("a convolution without runs, samples, pixels or channels");
  else if (largest > static_cast<double>(most))
    call.refuse("a picture or filter of more than %lld numbers", static_cast<long long>(most));
  return !call.failed();
}

/* Tells a call where its tensors do not have its sizes. @returns whether all is well */
bool is_fit(Call& call, const Shape& s, const Tensor& image, const Tensor& map, const Tensor& filter) {
  if (image.size() != s.runs * s.batch * s.image() || map.size() != s.runs * s.batch * s.map() ||
      filter.size() != s.runs * s.filter())
    call.refuse("image, map and filter do not fit each other");
  return !call.failed();
}

Slope slope_of(const Tensor& results, Activation slope) {
  return {slope == Activation::linear ? nullptr : results.at(), slope};
}

/* Says where there is no memory. */
template <class Work>
void run(Call& call, const Work& work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    call.refuse("there is no memory for its frames");
  }
}

/* map [R][B][⌈H/s⌉][⌈W/s⌉][F] of image [R][B][H][W][C], filter [R][kh][kw][C][F], bias [R][F]. */
struct Convolution {
  explicit Convolution(Construction& made)
      : stride(made.whole("stride")),
        slope(activation_of(made.text("slope"))),
        activation(activation_of(made.text("activation"))) {}

  void compute(Call& call) const {
    const Tensor image = call.input(0), results = call.input(1), filter = call.input(2), bias = call.input(3);
    if (call.failed()) return;
    if (!image.is(5) || !filter.is(5) || filter.dim(0) != image.dim(0) || filter.dim(3) != image.dim(4))
      return call.refuse("the image is no [R][B][H][W][C] with a filter [R][kh][kw][C][F]");
    if (slope != Activation::linear && !results.has_shape_of(image)) return call.refuse("results have no image's shape");
    const Shape s = shape_of({image.dims(), filter.dims()}, stride);
    if (!is_sized(call, s)) return;
    if (bias.size() != 0 && !bias.has({s.runs, s.filters})) return call.refuse("the bias is no [R][F]");
    const Tensor map = call.output(0, {s.runs, s.batch, s.map_height(), s.map_width(), s.filters});
    if (call.failed() || !is_fit(call, s, image, map, filter)) return;
    const Finish finish{bias.size() == 0 ? nullptr : bias.at(), activation};
    run(call, [&] { gather(s, image.at(), slope_of(results, slope), filter.at(), finish, map.at()); });
  }

  int stride;
  Activation slope, activation;
};

/* image [R][B][height][width][C] of map [R][B][…][…][F], filter [R][kh][kw][C][F], bias [R][C]. */
struct TransposedConvolution {
  explicit TransposedConvolution(Construction& made)
      : stride(made.whole("stride")),
        height(made.whole("height")),
        width(made.whole("width")),
        slope(activation_of(made.text("slope"))),
        activation(activation_of(made.text("activation"))) {}

  void compute(Call& call) const {
    const Tensor map = call.input(0), results = call.input(1), filter = call.input(2), bias = call.input(3);
    if (call.failed()) return;
    if (!map.is(5) || !filter.is(5) || filter.dim(0) != map.dim(0) || filter.dim(4) != map.dim(4))
      return call.refuse("the map is no [R][B][H][W][F] with a filter [R][kh][kw][C][F]");
    if (slope != Activation::linear && !results.has_shape_of(map)) return call.refuse("results have no map's shape");
    const int64_t sizes[] = {map.dim(0), map.dim(1), height, width, filter.dim(3)};
    const Shape s = shape_of({sizes, filter.dims()}, stride);
    if (!is_sized(call, s)) return;
    if (!map.has({s.runs, s.batch, s.map_height(), s.map_width(), s.filters}))
      return call.refuse("the map is none of a %d × %d image", height, width);
    if (bias.size() != 0 && !bias.has({s.runs, s.channels})) return call.refuse("the bias is no [R][C]");
    const Tensor image = call.output(0, {s.runs, s.batch, s.height, s.width, s.channels});
    if (call.failed() || !is_fit(call, s, image, map, filter)) return;
    const Finish finish{bias.size() == 0 ? nullptr : bias.at(), activation};
    run(call, [&] { spread(s, map.at(), slope_of(results, slope), filter.at(), finish, image.at()); });
  }

  int stride, height, width;
  Activation slope, activation;
};

/* Slopes by filter [R][kh][kw][C][F] and bias, of whichever of image and map are slopes: [R][C] or [R][F]. */
struct FilterSlopes {
  explicit FilterSlopes(Construction& made)
      : stride(made.whole("stride")),
        height(made.whole("height")),
        width(made.whole("width")),
        of_image(made.text("slopes") == "image"),
        slope(activation_of(made.text("slope"))) {}

  void compute(Call& call) const {
    const Tensor image = call.input(0), map = call.input(1), results = call.input(2);
    if (call.failed()) return;
    if (!image.is(5) || !map.is(5)) return call.refuse("the image is no [R][B][H][W][C] or the map no [R][B][H][W][F]");
    if (slope != Activation::linear && !results.has_shape_of(of_image ? image : map))
      return call.refuse("results have not the shape of the slopes");
    const int64_t sizes[] = {image.dim(0), height, width, image.dim(4), map.dim(4)};
    const Shape s = shape_of({image.dims(), sizes}, stride);
    if (!is_sized(call, s)) return;
    if (!map.has({s.runs, s.batch, s.map_height(), s.map_width(), s.filters}))
      return call.refuse("the map is none of that image");
    const Tensor filter = call.output(0, sizes, 5);
    const Tensor bias = call.output(1, {s.runs, of_image ? s.channels : s.filters});
    if (call.failed() || !is_fit(call, s, image, map, filter)) return;
    const Slope turned = slope_of(results, slope);
    run(call, [&] {
      if (of_image)
        filter_slopes(s, image.at(), turned, map.at(), {}, filter.at(), nullptr, bias.at());
      else
        filter_slopes(s, image.at(), {}, map.at(), turned, filter.at(), bias.at(), nullptr);
    });
  }

  int stride, height, width;
  bool of_image;
  Activation slope;
};
}  // namespace

void register_convolution(std::string& trouble) {
  const char* const slope = "slope: {'linear', 'relu', 'tanh'} = 'linear'";
  const char* const activation = "activation: {'linear', 'relu', 'tanh'} = 'linear'";
  register_operation<Convolution>({"JepalabConvolution",
                                   {"image: float", "results: float", "filter: float", "bias: float"},
                                   {"map: float"},
                                   {"stride: int >= 1", slope, activation}},
                                  trouble);
  register_operation<TransposedConvolution>(
      {"JepalabTransposedConvolution",
       {"map: float", "results: float", "filter: float", "bias: float"},
       {"image: float"},
       {"stride: int >= 1", "height: int >= 1", "width: int >= 1", slope, activation}},
      trouble);
  register_operation<FilterSlopes>({"JepalabFilterSlopes",
                                    {"image: float", "map: float", "results: float"},
                                    {"filter: float", "bias: float"},
                                    {"stride: int >= 1", "height: int >= 1", "width: int >= 1",
                                     "slopes: {'image', 'map'}", slope}},
                                   trouble);
}
}  // namespace kernels
