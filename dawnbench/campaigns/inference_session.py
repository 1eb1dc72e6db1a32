"""Prepares the answers of one kept model on a device and records its passes in a run folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from dawnbench.campaigns.inference_trial import PassRecorder
from dawnbench.campaigns.recording import Recording, RecordingOptions, data_record
from dawnbench.data.dataset import Dataset
from dawnbench.engine.describe import describe_model
from dawnbench.engine.device import Device
from dawnbench.engine.kept_model import open_kept_model
from dawnbench.engine.memory import explain_out_of_memory
from dawnbench.engine.model_file import FILE_NAME
from dawnbench.engine.warm_up import with_compile_fallback
from dawnbench.errors import DawnbenchError
from dawnbench.inference.onnx_runtime import OnnxRuntime, check_onnx
from dawnbench.inference.quantized import CALIBRATION_IMAGES
from dawnbench.inference.runtime import Answer, Runtime
from dawnbench.inference.torch_runtime import TorchRuntime
from dawnbench.records.inference import InferenceSettings
from dawnbench.records.inference import Runtime as RuntimeName

DAWNBENCH_TARGET = {"cifar10": 0.94}
"""The accuracy that DAWNBench asks of a model whose latency is claimed, by data set."""
QUANTIZED = "int8"
WARM_UP_BATCHES = 50
"""Answered before the first pass, so that what is only done in the first calls is not in it."""


@dataclass(frozen=True, slots=True)
class ModelToTime:
    """A kept model and how to run it."""

    source: Path
    """A run folder, or a model file that dawnbench wrote."""
    batch_sizes: tuple[int, ...] = (1, 64)
    """Those whose throughput is measured; 1 always is."""
    data: str | None = None
    """In place of the data set that it was trained on."""
    recipe: str | None = None
    """The recipe file that defines custom parts."""
    precision: str | None = None
    """In place of that of its run; int8 is by onnxruntime, after quantization on training images."""
    compile: bool | None = None
    """In place of that of its run."""
    runtime: RuntimeName = "torch"
    target: float | None = None
    """Accuracy from which on a claim about the latency stands; by default DAWNBench's 94 % on CIFAR-10, and
    the recipe's target on other data."""

    def __post_init__(self) -> None:
        if self.source.suffix == ".onnx":
            raise DawnbenchError(
                f"{self.source} is an ONNX file; give the run or the .safetensors file that it is from, with "
                "--runtime onnx"
            )
        for size in self.batch_sizes:
            if size < 1:
                raise DawnbenchError(f"batch size {size} is less than 1; give sizes such as --batch 1,64")
        if self.runtime not in ("torch", "onnx"):
            raise DawnbenchError(f"there is no runtime {self.runtime}; the runtimes are torch and onnx")
        if self.runtime == "onnx" and self.compile:
            raise DawnbenchError("onnxruntime does not use torch.compile; omit --compile or --runtime onnx")
        if self.runtime == "onnx" and self.precision not in (None, "auto", "fp32", QUANTIZED):
            raise DawnbenchError(
                f"onnxruntime computes in fp32 or int8 here, not in {self.precision}; omit --precision"
            )
        if self.runtime == "torch" and self.precision == QUANTIZED:
            raise DawnbenchError("torch does not compute in int8 here; add --runtime onnx")

    def device(self, name: str) -> str:
        """Return the name of the device to open, if that of `name` was asked for.

        Raises:
            DawnbenchError: the runtime does not run there.
        """
        if self.runtime == "torch":
            return name
        check_onnx()
        if name not in ("auto", "cpu"):
            raise DawnbenchError(f"onnxruntime runs on the processor, not on {name}; omit --device")
        return "cpu"


class InferenceSession(Recording):
    """The passes of one kept model over the test images."""

    def __init__(
        self, model: ModelToTime, device: Device, trials: int, **options: Unpack[RecordingOptions]
    ) -> None:
        """Open the model with its data."""
        super().__init__(device, **options)
        self._asked, self._trials_asked = model, trials
        is_onnx = model.runtime == "onnx"
        self._observer.preparing(f"opening {model.source}")
        with self.setup.segment("load"):
            self._kept = open_kept_model(
                model.source,
                data=model.data,
                device=device,
                recipe=model.recipe,
                precision="fp32" if is_onnx else model.precision,
                compile=False if is_onnx else model.compile,
            )
            images = device.to_host_memory(self._kept.dataset.test_images)
        for size in model.batch_sizes:
            if size > len(images):
                raise DawnbenchError(
                    f"a batch of {size} exceeds the {len(images)} test images of "
                    f"{self._kept.dataset.source}; give smaller sizes with --batch"
                )
        self._images, self._labels = images, self._kept.dataset.test_labels
        self._sizes = tuple(sorted({1, *model.batch_sizes}))
        self._answers: dict[int, Answer] = {}
        with self.setup.segment("build"):
            self._runtime: Runtime = (
                OnnxRuntime(self._kept, self._calibration is not None)
                if is_onnx
                else TorchRuntime(self._kept)
            )
        with self.setup.segment("record"):
            self._model_digest = hashlib.sha256(self._kept.path.read_bytes()).hexdigest()

    @property
    def dataset(self) -> Dataset:
        """The data whose test images are answered."""
        return self._kept.dataset

    @property
    def _steps(self) -> int:
        return 1

    @property
    def _calibration(self) -> int | None:
        """The number of training images on which the model is quantized; None if it is not."""
        if self._asked.precision != QUANTIZED:
            return None
        return min(CALIBRATION_IMAGES, len(self.dataset.train_images))

    @property
    def _target(self) -> float:
        asked, recipe = self._asked, self._kept.recipe
        return asked.target or DAWNBENCH_TARGET.get(asked.data or recipe.dataset.name, recipe.target)

    def warm_up(self) -> None:
        """Compile or convert the model, capture it, and answer a few images in each batch size."""
        prepared = self._kept.prepared
        compiled = prepared.programs.compiles
        if compiled or self._asked.runtime == "onnx":
            self._observer.preparing("compiling, which may take a minute", slow=True)
        with explain_out_of_memory(max(self._sizes)), self.setup.segment("compile"):
            with_compile_fallback(prepared, self._open_and_answer)
            self._device.synchronize()
        if compiled != prepared.programs.compiles:
            self._record = replace(self._record, **self._how())
            self.writer.write_run(self._record)
        self.note([*self._notes(), *prepared.notes, *self._runtime.notes])

    def trial(self, number: int) -> None:
        """Time and record pass `number`, counted from 1; nothing in a pass depends on its seed."""
        with explain_out_of_memory(max(self._sizes)):
            recorder = PassRecorder(
                number,
                number - 1,
                self._target,
                self._device,
                self._sampler,
                self.writer,
                self._observer,
            )
            recorder.run(self._runtime, self._answers, self._labels, self.setup, self._startup.segments)
        if recorder.record is not None:
            self._trials.append(recorder.record)
            if number == 1:
                self.note(list(self._claim_notes(recorder.record.accuracy)))

    def _open_and_answer(self) -> None:
        with self._runtime.answering():
            for size in self._sizes:
                self._answers[size] = answer = self._runtime.open(self._images, size)
                for number in range(min(WARM_UP_BATCHES, len(self._images) // size)):
                    answer(number)

    def _notes(self) -> Iterator[str]:
        trained = self._kept.facts.get("precision")
        if self._calibration is not None:
            yield (
                f"the model was quantized to int8 on {self._calibration:,} training images; the accuracy is "
                "that of the quantized model"
            )
        elif self._asked.runtime == "onnx" and trained not in (None, "fp32"):
            yield f"the model was trained in {trained}; onnxruntime computes in fp32"
        views, recorded = self._kept.recipe.evaluation, self._kept.recorded_accuracy
        if (views.flip or views.shift) and recorded is not None:
            yield (
                f"each answer is from the plain image, while the {100 * recorded:.2f} % that the training "
                "recorded are from several views of each"
            )

    def _claim_notes(self, accuracy: float | None) -> Iterator[str]:
        if accuracy is not None and accuracy < self._target:
            yield (
                f"the model answers {100 * accuracy:.2f} % correctly, less than {100 * self._target:.2f} %, "
                "so its latency is no claim under DAWNBench's rule"
            )

    def _described(self) -> dict[str, Any]:
        kept = self._kept
        dataset, prepared = kept.dataset, kept.prepared
        channels, classes = dataset.image_shape[2], len(dataset.classes)
        return {
            "recipe_name": kept.recipe.name,
            "recipe": kept.recipe.to_dict(),
            "trials": self._trials_asked,
            "seed": 0,
            "target": self._target,
            "precision": prepared.precision.name if self._calibration is None else QUANTIZED,
            "data": data_record(dataset),
            "model": describe_model(prepared.recipe, channels, classes, len(dataset.train_labels)),
            "kind": "inference",
            **self._how(),
        }

    def _how(self) -> dict[str, Any]:
        """Return the fields of run.json that depend on whether the model is compiled."""
        kept, compiled = self._kept, self._kept.prepared.programs.compiles
        trained = kept.facts["recipe_digest"]
        deciding = {
            "kind": "inference",
            "trained": trained,
            "runtime": self._asked.runtime,
            "compile": compiled,
        }
        if self._calibration is not None:
            deciding |= {"precision": QUANTIZED, "calibration_images": self._calibration}
        if kept.path.name != FILE_NAME:
            # One recipe may have many other models, such as those pruned to different sparsities.
            deciding["model"] = self._model_digest
        settings = InferenceSettings(
            model=str(kept.path),
            model_digest=self._model_digest,
            trained_recipe_digest=trained,
            trained_run=None if kept.run is None else kept.run.folder.resolve().name,
            recorded_accuracy=kept.recorded_accuracy,
            runtime=self._asked.runtime,
            compile=compiled,
            batch_sizes=self._sizes,
            calibration_images=self._calibration,
        )
        digest = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
        return {"recipe_digest": digest, "inference": settings}
