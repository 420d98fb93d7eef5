"""Which models are surveyed: one of every family that timm, torchvision and transformers have, small where they can be.

A family of timm is a module of its source. Configurations of transformers are small in depth and width, with the same
code as large ones.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from tests.survey.configurations import TRANSFORMERS

Made = tuple[nn.Module, tuple[Tensor | None, ...]]

_operators: list[Any] = []

# Image size, where it is not the family's own, and arguments that make the model small.
TIMM: dict[str, tuple[int, dict[str, Any]]] = {
    "beit_base_patch16_224": (0, {"depth": 2}),
    "botnet26t_256": (0, {}),
    "halonet26t": (0, {}),
    "lambda_resnet26t": (128, {}),
    "bat_resnext26ts": (256, {}),
    "gcresnext26ts": (96, {}),
    "mobileone_s0": (64, {}),
    "repvgg_a0": (64, {}),
    "resnet50_clip": (0, {}),
    "cait_xxs24_224": (0, {"depth": 3}),
    "coat_lite_tiny": (0, {}),
    "coat_tiny": (0, {}),
    "convit_tiny": (0, {"depth": 11}),
    "convmixer_768_32": (64, {}),
    "convnext_atto": (64, {}),
    "convnextv2_atto": (64, {}),
    "convnext_zepto_rms": (64, {}),
    "cpubone_nano": (64, {}),
    "crossvit_9_240": (0, {}),
    "crossvit_9_dagger_240": (0, {}),
    "csatv2": (0, {}),
    "cs3darknet_focus_s": (64, {}),
    "cspresnext50": (64, {}),
    "cspnext_tiny": (64, {}),
    "davit_tiny": (64, {}),
    "deepseek_vit_412m": (0, {"depth": 2}),
    "deit3_small_patch16_224": (0, {"depth": 3}),
    "deit_tiny_distilled_patch16_224": (0, {"depth": 3}),
    "densenet121": (64, {}),
    "densenetblur121d": (64, {}),
    "dla46_c": (64, {}),
    "dla60_res2net": (64, {}),
    "dpn48b": (64, {}),
    "edgenext_xx_small": (64, {}),
    "efficientformer_l1": (0, {}),
    "efficientformerv2_s0": (0, {}),
    "efficientnet_b0": (64, {}),
    "efficientnet_b0_gn": (64, {}),
    "efficientnet_cc_b0_4e": (64, {}),
    "tf_efficientnet_lite0": (64, {}),
    "efficientvim_m1": (0, {}),
    "efficientvit_b0": (64, {}),
    "efficientvit_m0": (0, {}),
    "eva02_tiny_patch14_224": (0, {"depth": 2}),
    "vit_small_patch16_dinov3": (0, {"depth": 2}),
    "fasternet_t0": (64, {}),
    "fastvit_t8": (64, {}),
    "focalnet_tiny_srf": (64, {}),
    "gcvit_xxtiny": (0, {}),
    "gemma4_vit_167m": (192, {"depth": 2, "img_size": 192}),
    "ghostnet_050": (64, {}),
    "ghostnetv2_100": (64, {}),
    "ghostnetv3_050": (64, {}),
    "hardcorenas_a": (64, {}),
    "hgnetv2_b0": (64, {}),
    "hiera_tiny_224": (0, {}),
    "sam2_hiera_tiny": (128, {}),
    "hrnet_w18_small": (64, {}),
    "iformer_t": (64, {}),
    "inception_next_atto": (64, {}),
    "inception_resnet_v2": (96, {}),
    "inception_v3": (96, {}),
    "inception_v4": (96, {}),
    "lcnetv2_small": (64, {}),
    "levit_128s": (0, {}),
    "lowformer_b0": (64, {}),
    "mambaout_femto": (64, {}),
    "coatnet_nano_rw_224": (0, {}),
    "maxvit_nano_rw_256": (0, {}),
    "caformer_s18": (64, {}),
    "poolformer_s12": (64, {}),
    "gmlp_ti16_224": (0, {}),
    "mixer_s32_224": (0, {}),
    "mobilenetv3_small_050": (64, {}),
    "mobilenetv4_conv_small_035": (64, {}),
    "mobilenetv4_hybrid_medium_075": (0, {}),
    "mobilevit_xxs": (0, {}),
    "mobilevitv2_050": (0, {}),
    "mvitv2_tiny": (0, {}),
    "nasnetalarge": (96, {}),
    "nest_tiny": (0, {}),
    "nextvit_small": (64, {}),
    "nf_resnet26": (64, {}),
    "nfnet_l0": (64, {}),
    "pit_ti_224": (0, {}),
    "pnasnet5large": (96, {}),
    "pvt_v2_b0": (64, {}),
    "pvt_v2_b2_li": (64, {}),
    "qwen3_vit_88m": (192, {"depth": 2, "img_size": 192}),
    "rdnet_tiny": (64, {}),
    "regnetx_002": (64, {}),
    "regnety_002": (64, {}),
    "repghostnet_050": (64, {}),
    "repvit_m0_9": (64, {}),
    "res2net50_48w_2s": (64, {}),
    "resnest14d": (64, {}),
    "resnet10t": (64, {}),
    "ecaresnet26t": (64, {}),
    "resnetblur18": (64, {}),
    "resnetv2_50x1_bit": (64, {}),
    "resnetv2_50d_frn": (64, {}),
    "rexnet_100": (64, {}),
    "selecsls42": (64, {}),
    "legacy_seresnet18": (64, {}),
    "sequencer2d_s": (0, {}),
    "shvit_s1": (0, {}),
    "skresnet18": (64, {}),
    "starnet_s050": (64, {}),
    "swiftformer_xs": (0, {}),
    "swin_s3_tiny_224": (0, {}),
    "swinv2_tiny_window8_256": (0, {"depths": (1, 1, 2, 1)}),
    "swinv2_cr_tiny_224": (0, {"depths": (1, 1, 2, 1)}),
    "tiny_vit_5m_224": (0, {}),
    "tnt_s_patch16_224": (0, {"depth": 3}),
    "tresnet_m": (64, {}),
    "twins_pcpvt_small": (0, {}),
    "twins_svt_small": (0, {}),
    "vgg11_bn": (64, {}),
    "visformer_tiny": (0, {}),
    "flexivit_small": (0, {"depth": 2}),
    "vit_tiny_r_s16_p8_224": (0, {"depth": 2}),
    "vit_relpos_small_patch16_224": (0, {"depth": 3}),
    "samvit_base_patch16_224": (0, {"depth": 3, "global_attn_indexes": (1,)}),
    "vitamin_small_224": (0, {}),
    "volo_d1_224": (0, {}),
    "ese_vovnet19b_slim_dw": (64, {}),
    "legacy_xception": (96, {}),
    "xception41": (96, {}),
    "xcit_nano_12_p16_224": (0, {"depth": 3}),
    # Others, of which the importer knew nothing while it was written.
    "test_byobnet": (0, {}),
    "test_coatnet": (0, {}),
    "test_convnext3": (0, {}),
    "test_efficientnet_evos": (0, {}),
    "test_efficientnet_ln": (0, {}),
    "test_maxvit": (0, {}),
    "test_nfnet": (0, {}),
    "test_vit3": (0, {}),
    "test_vit4": (0, {}),
    "test_vit_relpos": (0, {}),
    "mixnet_s": (64, {}),
    "fbnetv3_b": (64, {}),
    "tinynet_e": (64, {}),
    "sehalonet33ts": (0, {}),
    "sebotnet33ts_256": (0, {}),
    "regnetz_b16_evos": (64, {}),
    "resnetv2_50d_evos": (64, {}),
    "nf_regnet_b0": (64, {}),
    "gmixer_12_224": (0, {}),
    "resmlp_12_224": (0, {}),
    "levit_conv_128s": (0, {}),
    "poolformerv2_s12": (64, {}),
    "swin_tiny_patch4_window7_224": (0, {"depths": (1, 1, 2, 1)}),
    "vit_base_patch16_rope_mixed_224": (0, {"depth": 2}),
    "vit_pe_core_base_patch16_224": (0, {"depth": 2}),
    "vit_so150m_patch16_reg4_map_256": (0, {"depth": 2}),
    "naflexvit_base_patch16_gap": (0, {"depth": 2}),
    "naflexvit_base_patch16_parfac_gap": (0, {"depth": 2}),
    "vit_relpos_base_patch16_rpn_224": (0, {"depth": 2}),
    "vit_srelpos_medium_patch16_224": (0, {"depth": 2}),
    "beit3_base_patch16_224": (0, {"depth": 2}),
    "pit_s_distilled_224": (0, {}),
    "hgnet_tiny": (64, {}),
    "gernet_s": (64, {}),
    "darknet17": (64, {}),
    "resnetrs50": (64, {}),
    "vovnet39a": (64, {}),
    "convformer_s18": (64, {}),
    "efficientvit_l1": (64, {}),
    "regnety_040_sgn": (64, {}),
}

# The first parts of torchvision's names of what is no classifier of images.
NOT_CLASSIFIERS = ("raft", "mvit_v", "swin3d", "r3d", "mc3", "r2plus1d", "s3d")
WITH_HEADS = ("googlenet", "inception_v3")


def torchvision() -> Any:
    """torchvision's models, without its compiled operators: their names are defined first, so that it imports."""
    if not _operators:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            if not hasattr(torch.ops.torchvision, name):
                library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _operators.append(library)  # they are gone when it is
    return importlib.import_module("torchvision.models")


def _timm(name: str, size: int, arguments: dict[str, Any]) -> Made:
    torchvision()
    timm = importlib.import_module("timm")
    module = timm.create_model(name, num_classes=10, **arguments)
    _, *space = module.pretrained_cfg["input_size"]
    return module, (torch.randn(2, 3, *((size, size) if size else space)),)


def _torchvision(name: str) -> Made:
    size = 96 if "inception" in name else 64
    # Auxiliary heads run in training only, so that there the outputs are others.
    arguments = {"init_weights": False, "aux_logits": False} if name in WITH_HEADS else {}
    module = getattr(torchvision(), name)(weights=None, **arguments)
    wanted = getattr(module, "image_size", 0) or (224 if name.startswith("maxvit") else 0)
    return module, (torch.randn(2, 3, *((wanted or size,) * 2)),)


def _transformers(model: str, config: str, arguments: dict[str, Any], inputs: tuple[str, ...]) -> Made:
    torchvision()  # transformers looks for it
    library = importlib.import_module("transformers")
    made = getattr(library, config)(**arguments)
    made.use_cache = False
    module = getattr(library, model)(made)
    texts: dict[str, Callable[[], Tensor | None]] = {
        "ids": lambda: torch.randint(5, 50, (2, 12)),
        "none": lambda: None,
        "answer": lambda: torch.randint(5, 50, (2, 7)),
        "image": lambda: torch.randn(2, 3, 32, 32),
    }
    return module, tuple(texts[kind]() for kind in inputs)


def _classifiers() -> list[str]:
    models = torchvision()
    return [name for name in models.list_models(module=models) if not name.startswith(NOT_CLASSIFIERS)]


def survey(kind: str) -> dict[str, Callable[[], Made]]:
    """What makes each model of ``torchvision``, ``timm`` or ``transformers`` and the inputs that it is run on."""
    if kind == "timm":
        return {name: partial(_timm, name, *entry) for name, entry in TIMM.items()}
    if kind == "transformers":
        return {name: partial(_transformers, *entry) for name, entry in TRANSFORMERS.items()}
    return {name: partial(_torchvision, name) for name in _classifiers()}


KINDS = ("torchvision", "timm", "transformers")
