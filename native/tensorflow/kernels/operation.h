#ifndef JEPALAB_KERNELS_OPERATION_H
#define JEPALAB_KERNELS_OPERATION_H
/*
 * What an operation of ours sees of TensorFlow (its C API), and how it is registered. A kernel is a struct:
 *
 *   struct Sum {
 *     explicit Sum(Construction& made);   reads attributes
 *     void compute(Call& call) const;     may run on several threads at once
 *   };
 *   register_operation<Sum>({"JepalabSum", {"x: float"}, {"y: float"}, {"scale: float"}}, trouble);
 *
 * Whoever finds a shape wrong says call.refuse(…) and returns; nothing throws.
 */
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <string>

#include "crew.h"

#define IS_SLIM_BUILD  // or kernels.h includes a header of rendezvous that the wheels leave out
#include "tensorflow/c/kernels.h"
#undef IS_SLIM_BUILD
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace kernels {
class Status {
 public:
  Status() : status_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(status_); }
  Status(const Status&) = delete;
  operator TF_Status*() const { return status_; }
  bool ok() const { return TF_GetCode(status_) == TF_OK; }
  const char* words() const { return TF_Message(status_); }

 private:
  TF_Status* status_;
};

/* A float tensor of a call; empty where TensorFlow could not give it. */
class Tensor {
 public:
  static constexpr int most = 8;  // dimensions

  explicit Tensor(TF_Tensor* held) : held_(held), rank_(0), size_(0), at_(nullptr) {
    if (held == nullptr) return;
    rank_ = TF_NumDims(held);
    size_ = 1;
    for (int d = 0; d < rank_ && d < most; d++) size_ *= dims_[d] = TF_Dim(held, d);
    at_ = static_cast<float*>(TF_TensorData(held));
  }
  ~Tensor() {
    if (held_ != nullptr) TF_DeleteTensor(held_);
  }
  Tensor(const Tensor&) = delete;
  Tensor(Tensor&& other) noexcept { std::memcpy(static_cast<void*>(this), &other, sizeof *this), other.held_ = nullptr; }

  bool is(int rank) const { return held_ != nullptr && rank_ == rank; }
  /* Whether the shape is this one. */
  bool has(std::initializer_list<int64_t> dims) const {
    if (!is(static_cast<int>(dims.size()))) return false;
    int d = 0;
    for (const int64_t dim : dims)
      if (dims_[d++] != dim) return false;
    return true;
  }
  bool has_shape_of(const Tensor& other) const {
    return held_ != nullptr && rank_ == other.rank_ && rank_ <= most &&
           std::memcmp(dims_, other.dims_, sizeof(int64_t) * rank_) == 0;
  }
  int64_t dim(int d) const { return dims_[d]; }
  const int64_t* dims() const { return dims_; }
  int rank() const { return rank_; }
  int64_t size() const { return size_; }
  float* at() const { return at_; }
  /* In words: [2][3]. */
  std::string shape() const {
    std::string words;
    for (int d = 0; d < rank_ && d < most; d++) words += "[" + std::to_string(dims_[d]) + "]";
    return words;
  }

 private:
  TF_Tensor* held_;
  int rank_;
  int64_t size_;
  float* at_;
  int64_t dims_[most];
};

/* One run of an operation. */
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context) {}

  Tensor input(int index) {
    TF_Tensor* found = nullptr;
    TF_GetInput(context_, index, &found, status_);
    return taken(found);
  }
  /* Memory for an output, not cleared. */
  Tensor output(int index, std::initializer_list<int64_t> dims) {
    return output(index, dims.begin(), static_cast<int>(dims.size()));
  }
  Tensor output(int index, const int64_t* dims, int rank) {
    size_t bytes = sizeof(float);
    for (int d = 0; d < rank; d++) bytes *= static_cast<size_t>(dims[d]);
    return taken(TF_AllocateOutput(context_, index, TF_FLOAT, dims, rank, bytes, status_));
  }
  /* The memory of an input of that shape where nobody else needs it, else new memory, not cleared. */
  Tensor in_place_of(int input, int index, const Tensor& shape) {
    return in_place_of(input, index, shape.dims(), shape.rank());
  }
  Tensor in_place_of(int input, int index, std::initializer_list<int64_t> dims) {
    return in_place_of(input, index, dims.begin(), static_cast<int>(dims.size()));
  }
  Tensor in_place_of(int input, int index, const int64_t* dims, int rank) {
    int forwarded = -1;
    return taken(TF_ForwardInputOrAllocateOutput(context_, &input, 1, index, dims, rank, &forwarded, status_));
  }
  /* An int32 input of one number. */
  int64_t whole(int index) {
    TF_Tensor* found = nullptr;
    TF_GetInput(context_, index, &found, status_);
    int64_t value = 0;
    if (status_.ok() && found != nullptr && TF_TensorElementCount(found) == 1) value = *static_cast<int32_t*>(TF_TensorData(found));
    else if (status_.ok()) refuse("a whole number of %d dimensions", found == nullptr ? -1 : TF_NumDims(found));
    else fail();
    if (found != nullptr) TF_DeleteTensor(found);
    return value;
  }
  /* Ends the call with an error: INVALID_ARGUMENT, the operation's name and these words. */
  __attribute__((format(printf, 2, 3))) void refuse(const char* format, ...) {
    char words[400];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    TF_SetStatus(status_, TF_INVALID_ARGUMENT, words);
    fail();
  }
  bool failed() const { return failed_; }

 private:
  Tensor taken(TF_Tensor* tensor) {
    if (!status_.ok() || tensor == nullptr) fail();
    return Tensor(failed_ ? nullptr : tensor);
  }
  void fail() {
    if (!failed_) TF_OpKernelContext_Failure(context_, status_);
    failed_ = true;
  }

  TF_OpKernelContext* context_;
  Status status_;
  bool failed_ = false;
};

/* A node on its way into a graph. */
class Construction {
 public:
  explicit Construction(TF_OpKernelConstruction* made) : made_(made) {}

  int32_t whole(const char* name) {
    int32_t value = 0;
    TF_OpKernelConstruction_GetAttrInt32(made_, name, &value, status_);
    return checked(value);
  }
  float real(const char* name) {
    float value = 0;
    TF_OpKernelConstruction_GetAttrFloat(made_, name, &value, status_);
    return checked(value);
  }
  bool truth(const char* name) {
    TF_Bool value = 0;
    TF_OpKernelConstruction_GetAttrBool(made_, name, &value, status_);
    return checked(value != 0);
  }
  std::string text(const char* name) {
    int32_t is_list = 0, size = 0;
    TF_OpKernelConstruction_GetAttrSize(made_, name, &is_list, &size, status_);
    std::string value(checked(size) < 0 ? 0 : size, 0);
    if (status_.ok()) TF_OpKernelConstruction_GetAttrString(made_, name, &value[0], value.size(), status_);
    return checked(value);
  }
  /* The node never comes into being: INVALID_ARGUMENT and these words. */
  void refuse(const std::string& words) {
    TF_SetStatus(status_, TF_INVALID_ARGUMENT, words.c_str());
    checked(0);
  }

 private:
  template <class T>
  T checked(T value) {
    if (!status_.ok()) TF_OpKernelConstruction_Failure(made_, status_);
    return value;
  }

  TF_OpKernelConstruction* made_;
  Status status_;
};

/* As TensorFlow writes them: "x: float", "stride: int = 1". Strings have at most 62 characters. */
struct Signature {
  const char* name;
  std::initializer_list<const char*> inputs, outputs, attributes;
};

/* @param trouble what went wrong so far; nothing is registered where it is not empty */
template <class Kernel>
void register_operation(const Signature& signature, std::string& trouble) {
  if (!trouble.empty()) return;
  Status status;
  TF_OpDefinitionBuilder* operation = TF_NewOpDefinitionBuilder(signature.name);
  for (const char* input : signature.inputs) TF_OpDefinitionBuilderAddInput(operation, input);
  for (const char* output : signature.outputs) TF_OpDefinitionBuilderAddOutput(operation, output);
  for (const char* attribute : signature.attributes) TF_OpDefinitionBuilderAddAttr(operation, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(operation, &TF_ShapeInferenceContextSetUnknownShape);
  TF_RegisterOpDefinition(operation, status);
  if (status.ok()) {
    const auto create = [](TF_OpKernelConstruction* made) -> void* {
      Construction construction(made);
      return new Kernel(construction);
    };
    const auto compute = [](void* kernel, TF_OpKernelContext* context) {
      const FlushTiny flush;
      Call call(context);
      static_cast<const Kernel*>(kernel)->compute(call);
    };
    const auto remove = [](void* kernel) { delete static_cast<Kernel*>(kernel); };
    TF_KernelBuilder* builder = TF_NewKernelBuilder(signature.name, "CPU", create, compute, remove);
    TF_RegisterKernelBuilder(signature.name, builder, status);
  }
  if (!status.ok()) trouble = std::string(signature.name) + ": " + status.words();
}
}  // namespace kernels
#endif
