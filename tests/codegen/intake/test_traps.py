"""Every trap that a record of a run can step into ends right, or as an opaque node that the report names."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from codegen.build import build_module
from codegen.emit import emit_source
from codegen.intake import ImportRefused, import_with_report
from graph_core import analyze, dumps, loads
from graph_core.trust import codes_in, trust
from tests.codegen.intake.cases import opaque
from tests.codegen.intake.equal import imported, stir


class Residual(nn.Module):
    """A dropout of 0 and an identity, which is not drawn, pass on the very tensor that the residual needs."""

    def __init__(self) -> None:
        super().__init__()
        self.drop, self.same, self.fc = nn.Dropout(0.5), nn.Identity(), nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.fc(self.same(self.drop(x)))


def test_what_passes_its_input_on_is_a_value_of_its_own():
    found = imported(Residual(), torch.randn(2, 6))
    source = emit_source(found.project)
    assert "return x + self.fc(self.drop(x))" in source
    assert "Identity" not in source


class Twice(nn.Module):
    """One layer, called twice: one set of weights."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 6)
        self.block = nn.Sequential(nn.Linear(6, 6), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.fc(self.block(self.fc(x))))


def test_a_module_that_is_called_twice_has_one_set_of_weights():
    module = Twice()
    found = imported(module, torch.randn(2, 6))
    assert analyze(found.project).params.trainable == sum(p.numel() for p in module.parameters())


class Turns(nn.Module):
    """A block that goes another way the second time."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.other = nn.Linear(6, 6), nn.Linear(6, 6)

    def forward(self, x: Tensor, again: bool = False) -> Tensor:
        return self.other(self.fc(x)).tanh() if again else self.fc(x)


class Differently(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.turns = Turns()

    def forward(self, x: Tensor) -> Tensor:
        return self.turns(self.turns(x), again=True)


def test_a_module_that_goes_another_way_the_second_time():
    imported(Differently(), torch.randn(2, 6))


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.body, self.head = nn.Embedding(20, 8), nn.Linear(8, 8), nn.Linear(8, 20, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(self.embed(x)))


def test_ties_stay_ties():
    found = imported(Tied(), torch.randint(0, 20, (2, 5)))
    assert analyze(found.project).params.trainable == 20 * 8 + 8 * 9
    assert found.project.networks["main"].ties


class Shared(nn.Module):
    """One module under two paths."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(6, 6)
        self.two = self.one
        self.last = nn.Sequential(self.one, nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.two(self.one(x)))


def test_a_module_under_several_paths_keeps_every_key():
    module = Shared()
    found = imported(module, torch.randn(2, 6))
    assert analyze(found.project).params.trainable == 42


class Decides(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.sum() > 0 else x - 1


class Chooses(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.decide = nn.Linear(6, 6), Decides()

    def forward(self, x: Tensor) -> Tensor:
        return self.decide(self.fc(x)).tanh()


def test_a_way_that_depends_on_the_data_is_opaque():
    [note] = opaque(Chooses(), torch.randn(2, 6)).opaque
    assert (note.path, note.what) == ("decide", "Decides")
    assert "data" in note.reason


def test_a_network_that_decides_by_itself_is_refused():
    with pytest.raises(ImportRefused, match="depends on the data"):
        import_with_report(Decides(), (torch.randn(2, 6),))


class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.sign()

    @staticmethod
    def backward(ctx: object, grad: Tensor) -> Tensor:  # type: ignore[override]
        return grad


class Binary(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return Straight.apply(self.fc(x)) * 2


def test_a_gradient_of_its_own_is_opaque():
    [note] = opaque(Binary(), torch.randn(2, 6)).opaque
    assert "Straight" in note.reason


class Noisy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return y + torch.randn_like(y) if self.training else y


def test_noise_in_training_only_is_told():
    found = import_with_report(Noisy().eval(), (torch.randn(2, 6),))
    assert [note.what for note in found.notes] == ["training"]


def test_noise_in_evaluation_is_opaque():
    class Always(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + torch.rand_like(x)

    assert "random" in opaque(Always(), torch.randn(2, 6)).opaque[0].reason


class InPlace(nn.Module):
    """A part is changed in place, and the whole used afterwards."""

    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        y[:, 1:3].mul_(3.0)
        y[:, 0].add_(1.0)
        return y * x


def test_a_part_that_is_changed_in_place():
    imported(InPlace(), torch.randn(2, 6))


class Overlapping(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        part = y.view(-1, 3)
        part.mul_(3.0)
        return y * x


def test_another_view_of_what_is_changed_in_place_is_never_wrong():
    with pytest.raises(ImportRefused, match="in place"):
        import_with_report(Overlapping(), (torch.randn(2, 6),))


def test_weight_norm_is_looked_into():
    with pytest.warns(FutureWarning):
        module = nn.Sequential(torch.nn.utils.weight_norm(nn.Linear(6, 6)), nn.Tanh())
    stir(module)
    found = import_with_report(module.eval(), (torch.randn(2, 6),))
    assert found.opaque  # torch._weight_norm has no layer; it is not taken for a plain Linear


@torch.jit.script
def scripted(x: Tensor) -> Tensor:
    return x * x.sigmoid()


class Scripted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return scripted(self.fc(x))


def test_a_scripted_function_is_not_passed_over():
    with pytest.raises(ImportRefused, match="scripted"):
        import_with_report(Scripted().eval(), (torch.randn(2, 6),))


class Idle(nn.Module):
    """A branch that runs in training only; its weights keep their keys."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.aux = nn.Linear(6, 6), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        y = self.fc(x)
        return (y, self.aux(y)) if self.training else y


def test_weights_that_evaluation_does_not_read_keep_their_keys():
    module = Idle()
    stir(module)
    found = import_with_report(module.eval(), (torch.randn(2, 6),))
    assert [note.what for note in found.notes] == ["training"]
    made = build_module(found.project)
    made.load_state_dict(module.state_dict(), strict=True)


def test_attention_that_drops_in_training():
    class Attends(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.qkv, self.p = nn.Linear(8, 24), 0.1

        def forward(self, x: Tensor) -> Tensor:
            q, k, v = self.qkv(x).chunk(3, dim=-1)
            return nn.functional.scaled_dot_product_attention(q, k, v, dropout_p=self.p if self.training else 0.0)

    found = import_with_report(Attends().eval(), (torch.randn(2, 5, 8),))
    assert "dropout_p=0.1 if self.training else 0.0" in emit_source(found.project)


def test_a_batch_that_is_computed_with_stays_open():
    class Windows(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            n, h, w, c = x.shape
            y = x.view(n, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, c)
            y = y.roll(1, dims=1).view(n, -1, 4 * c)
            return y.softmax(dim=-1) @ y.transpose(1, 2)

    imported(Windows(), torch.randn(2, 4, 6, 3))


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
@pytest.mark.parametrize("given", [{"hidden_size": 5}, {"hidden_size": 4, "num_layers": 2, "bias": False}])
def test_recurrent_layers_keep_their_sizes(kind: type[nn.Module], given: dict[str, int]):
    class Reads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = kind(4, batch_first=True, bidirectional=True, **given)

        def forward(self, x: Tensor) -> Tensor:
            return self.cell(x)[0] * 4

    imported(Reads(), torch.randn(2, 3, 4))


def test_a_recurrent_layer_keeps_its_function():
    class Reads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.RNN(4, 5, nonlinearity="relu", batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.cell(x)[0]

    imported(Reads(), torch.randn(2, 3, 4))


class TiedInWays(nn.Module):
    """Ties of a parameter by itself, of one inside of an opaque part, and of two of one layer."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.randn(4))
        self.again = self.scale
        self.decides = DecidesInside()
        self.last = nn.Linear(4, 4)
        self.last.weight = self.decides.net[0].weight
        self.cell = nn.GRU(4, 4, batch_first=True)
        self.cell.bias_hh_l0 = self.cell.bias_ih_l0

    def forward(self, x: Tensor) -> Tensor:
        return self.cell(self.last(self.decides(x * self.scale)) + self.again)[0]


class DecidesInside(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 4), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x) if x.sum() > 0 else x


def test_ties_of_all_kinds_survive_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    module = TiedInWays()
    project = loads(dumps(import_with_report(module, (torch.randn(2, 3, 4),)).project))
    assert analyze(project).params.trainable == sum(p.numel() for p in module.parameters())
    assert len(project.networks["main"].ties) == 3
    for _, _, code in codes_in(project):
        trust(code)
    again = build_module(project)
    assert again.last.weight is dict(again.decides.named_parameters())["net.0.weight"]
    assert again.cell.bias_hh_l0 is again.cell.bias_ih_l0
    again.load_state_dict(module.state_dict(), strict=True)
