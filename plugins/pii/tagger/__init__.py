"""The tier `model`: a token classifier in ONNX form, such as Rampart, run by onnxruntime."""
