# SPDX-License-Identifier: Apache-2.0
"""ONNX inference, colour naming and the model registry. Knows arrays; knows no footage and no case."""
