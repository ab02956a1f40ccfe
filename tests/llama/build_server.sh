#!/usr/bin/env bash
# Builds llama.cpp's server from the sources that the llama-cpp-python sdist carries.
# usage: build_server.sh VENV TARGET   (VENV from locks/llama.txt: cmake, ninja, scikit-build-core)
set -euo pipefail

venv=$(realpath "$1")
target=$(realpath -m "$2")
source_lock=$(realpath "$(dirname "$0")/../../locks/llama-source.txt")

if ! command -v "${CXX:-g++}" >/dev/null; then
    echo "llama.cpp needs a C++ compiler: install g++, or name one in CXX" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH="$venv/bin:$PATH" CMAKE_GENERATOR=Ninja

pip download --quiet --disable-pip-version-check --require-hashes --no-deps --no-build-isolation \
    --no-binary :all: --dest "$work" --requirement "$source_lock"
tar -xzf "$work"/*.tar.gz -C "$work" --strip-components=1

echo "building llama-server, which takes some minutes" >&2
nice cmake -S "$work/vendor/llama.cpp" -B "$work/build" -DCMAKE_BUILD_TYPE=Release \
    -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF \
    -DLLAMA_BUILD_SERVER=ON -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
    -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
    -DLLAMA_OPENSSL=OFF >"$work/log" 2>&1 &&
    nice cmake --build "$work/build" --target llama-server >>"$work/log" 2>&1 || {
    tail -n 30 "$work/log" >&2
    exit 1
}

mkdir -p "$(dirname "$target")"
strip -o "$work/llama-server" "$work/build/bin/llama-server"
mv "$work/llama-server" "$target"
