#!/bin/sh
# Takes out of a Python environment what answering photos never loads: OpenVINO's readers of other
# formats and its plugins for GPUs and NPUs, and pip.
#     deploy/slim.sh /opt/tag4pic
set -eu
for libs in "$1"/lib/python3*/site-packages/openvino/libs; do
    rm -f "$libs"/libopenvino_intel_gpu_plugin* "$libs"/libopenvino_intel_npu_* "$libs"/cache.json
    for format in gguf jax onnx paddle pytorch tensorflow tensorflow_lite; do
        rm -f "$libs/libopenvino_${format}_frontend"*
    done
done
"$1/bin/python" -m pip uninstall --quiet --yes setuptools pip
