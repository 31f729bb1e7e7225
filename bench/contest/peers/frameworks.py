"""The frameworks under one interface: their versions, their forms of a kind of row, and how to wait for a state."""

import importlib
import os


class Framework:
    def __init__(self, name, device, module_versions):
        self.name, self.device, self.versions = name, device, module_versions

    def forms(self, case):
        return importlib.import_module(f"{self.name}_{case.kind}").forms(case, self.device)

    def wait(self, state):
        if self.name == "torch":
            import torch

            torch.cuda.synchronize() if self.device == "cuda" else None
        else:
            import jax

            jax.block_until_ready(state)


def framework(name, device="cpu", threads=2):
    """Loads PyTorch or JAX with so many threads and full float32 products. `device` is cpu or cuda."""
    if name == "torch":
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
        import torch

        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        torch.set_float32_matmul_precision("highest")
        return Framework(name, device, {"torch": torch.__version__})
    if name in ("jax", "diffrax"):
        os.environ.setdefault("JAX_PLATFORMS", device)
        os.environ.setdefault("NPROC", str(threads))
        import jax

        jax.config.update("jax_default_matmul_precision", "highest")
        versions = {"jax": jax.__version__}
        if name == "diffrax":
            import diffrax

            jax.config.update("jax_enable_x64", True)
            versions["diffrax"] = diffrax.__version__
        return Framework(name, device, versions)
    raise SystemExit(f"{name} is no framework of the bench: torch, jax or diffrax.")
