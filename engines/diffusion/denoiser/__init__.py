"""Faster ways to run a UNet: TorchScript, CUDA graphs, ONNX Runtime, threads, DeepCache."""
