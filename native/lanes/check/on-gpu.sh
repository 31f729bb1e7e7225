#!/usr/bin/env bash
# Builds the lanes kernels for the card of this machine, compares them with the scalar model, then times them and,
# where Python has them, JAX and PyTorch. Needs nvcc, g++ and an NVIDIA driver; no Node.
#
#   bash native/lanes/check/on-gpu.sh [FOLDER for what is built; default: a new one under /tmp]
#
# Prints one JSON object a line; FOLDER/on-gpu.jsonl keeps them. Ends with 1 where the kernels give other bits.
set -euo pipefail

fail() { echo "✗ $1" >&2; exit "${2:-1}"; }
cd "$(dirname "$0")/.."
nvcc=${NVCC:-$(command -v nvcc || ls /usr/local/cuda/bin/nvcc 2>/dev/null || true)}
[ -n "$nvcc" ] || fail "No nvcc is on the PATH. Set NVCC to that of a CUDA toolkit 12 or newer." 2
command -v g++ >/dev/null || fail "No g++ is on the PATH." 2
command -v nvidia-smi >/dev/null || fail "No nvidia-smi is on the PATH: there is no NVIDIA driver here." 2
# The first card is the one that is used (CUDA_VISIBLE_DEVICES chooses another).
card=$(nvidia-smi --query-gpu=name,driver_version,compute_cap --format=csv,noheader | head -n 1) ||
  fail "nvidia-smi finds no card: $card" 2
sm=$(echo "$card" | awk -F', *' '{ gsub(/\./, "", $3); print $3 }')
[ "$sm" -ge 80 ] || fail "The card ($card) is older than sm_80." 2
out=${1:-$(mktemp -d /tmp/lanes-on-gpu.XXXXXX)}
mkdir -p "$out"
echo "card: $card, kernels in $out" >&2

host=(-std=c++17 -O2 -fPIC -ffp-contract=off -pthread -I.)
if [ "$(uname -m)" = x86_64 ]; then isa=(-mavx2 -mfma -DLANES_ISA_AVX2); else isa=(-DLANES_ISA_PORTABLE); fi
jobs=()
for unit in card compensated float32 float64; do
  "$nvcc" -std=c++17 -O3 -fmad=false -gencode=arch=compute_"$sm",code=sm_"$sm" -Xcompiler -fPIC -I. \
    -c "cuda/$unit.cu" -o "$out/$unit.cu.o" & jobs+=($!)
done
for unit in run trainer recorder plan; do
  g++ "${host[@]}" "${isa[@]}" -c "cuda/$unit.cc" -o "$out/$unit.o" & jobs+=($!)
done
g++ -std=c++17 -O2 -ffp-contract=off check/[a-z]*.cc -I. -ldl -pthread -o "$out/check" & jobs+=($!)
for job in "${jobs[@]}"; do wait "$job" || fail "A part does not compile; its messages stand above."; done
library=$out/liblanes-cuda.so
"$nvcc" -shared -cudart static "$out"/{card,compensated,float32,float64}.cu.o "$out"/{run,trainer,recorder,plan}.o \
  -o "$library"

"$out/check" --library "$library" --check >&2 && code=0 || code=$?
case $code in
  0) ;;
  1) fail "The card's numbers differ from the model's: nothing is timed." ;;
  3) fail "The kernels find no card; the sentence above says why." 3 ;;
  *) fail "The check ended with $code." "$code" ;;
esac
"$out/check" --library "$library" --time --json --threads "$(nproc)" | tee "$out/on-gpu.jsonl"
for peer in jax torch; do
  if python3 -c "import numpy, $peer" 2>/dev/null; then
    python3 check/peers.py "$peer" | tee -a "$out/on-gpu.jsonl" || echo "$peer failed; see above" >&2
  else
    echo "$peer is not installed for $(command -v python3 || echo python3): not timed" >&2
  fi
done
echo "✓ $out/on-gpu.jsonl" >&2
