"""The encoder and the two predictors on top of it, for training. :mod:`.forward` is the same in NumPy.

Import it inside functions: it imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class Encoder(nn.Module):
    """z = W₂ relu(Σ_p W_p x_p + Σ free tag vectors + b) + c. A part that is missing adds nothing.

    Args:
        dims: dimensions of the parts' vectors, in the order of `embeddings.content.reading.PARTS`.
        hidden: h.
        dim: of z.
        gru: dimensions of each direction of the GRU over token states (beside their mean); 0 for none.
        tags: how many tags have a part of their vector to themselves; 0 for none.
        dropout: of hidden units; of inputs, half of that.
        forget: chance that a title loses a part in training (modality dropout), never all.
    """

    def __init__(
        self, dims: Sequence[int], hidden: int, dim: int, *, gru: int, tags: int, dropout: float, forget: float
    ) -> None:
        super().__init__()
        self.dropout, self.forget = dropout, forget
        self.parts = nn.ModuleList(nn.Linear(d, hidden, bias=False) for d in dims)
        self.bias = nn.Parameter(torch.zeros(hidden))
        self.gru = nn.GRU(dims[0], gru, batch_first=True, bidirectional=True) if gru else None
        self.state = nn.Linear(2 * gru, hidden, bias=False) if gru else None
        self.free = nn.EmbeddingBag(tags, hidden, mode="sum") if tags else None
        if self.free is not None:
            nn.init.zeros_(self.free.weight)
        self.out = nn.Linear(hidden, dim)

    def forward(
        self,
        x: Sequence[Tensor],
        present: Tensor,
        tokens: tuple[Tensor, Tensor] | None = None,
        bags: tuple[Tensor, Tensor, Tensor] | None = None,
    ) -> Tensor:
        """z [B, d].

        Args:
            x: vectors of the parts, [B, d_p] each.
            present: which parts a title has, 0 or 1, [B, parts].
            tokens: token states [B, t, d_0] and how many are real, at least 1, [B], these on the CPU.
            bags: tags [k], where each title's begin [B], and how much each counts [k].
        """
        keep = self._kept(present)
        drop = 0.5 * self.dropout
        h = self.bias + sum(
            part(functional.dropout(each, drop, self.training)) * keep[:, p : p + 1]
            for p, (part, each) in enumerate(zip(self.parts, x, strict=True))
        )
        if self.gru is not None and self.state is not None and tokens is not None:
            states, lengths = tokens
            packed = nn.utils.rnn.pack_padded_sequence(states, lengths, batch_first=True, enforce_sorted=False)
            # cuDNN's own GRU adds up on several streams and need not give the same bits twice; torch's does.
            with torch.backends.cudnn.flags(enabled=False):
                _, last = self.gru(packed)  # [2, B, gru]
            final = functional.dropout(torch.cat([last[0], last[1]], dim=1), drop, self.training)
            h = h + self.state(final) * keep[:, 0:1]
        if self.free is not None and bags is not None:
            which, offsets, counts = bags
            h = h + self.free(which, offsets, per_sample_weights=counts) * keep[:, 1:2]
        return self.out(functional.dropout(torch.relu(h), self.dropout, self.training))

    def _kept(self, present: Tensor) -> Tensor:
        if not self.training:
            return present
        keep = (torch.rand_like(present) >= self.forget) * present
        return torch.where(keep.any(dim=1, keepdim=True), keep, present)


class CategoryHead(nn.Module):
    """Logits [B, K] of content categories: one linear layer."""

    def __init__(self, dim: int, categories: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, categories)

    def forward(self, z: Tensor) -> Tensor:
        return self.linear(z)


class AudienceHead(nn.Module):
    """Standardised log sizes [B, C]: one hidden layer over z, the country's vector and the unit's."""

    def __init__(self, dim: int, hidden: int, countries: int, country_dim: int, units: int) -> None:
        super().__init__()
        self.countries = nn.Embedding(countries, country_dim)
        self.units = nn.Embedding(units, hidden)
        self.title, self.country = nn.Linear(dim, hidden), nn.Linear(country_dim, hidden, bias=False)
        self.out = nn.Linear(hidden, 1)

    def forward(self, z: Tensor, units: Tensor) -> Tensor:
        title = self.title(z) + self.units(units)  # [B, h]
        hidden = torch.relu(title[:, None] + self.country(self.countries.weight)[None])  # [B, C, h]
        return self.out(hidden)[:, :, 0]
