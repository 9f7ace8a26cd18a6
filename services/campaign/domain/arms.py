"""Who is held out of a programme: by the same stable draw as everything else."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from services.campaign.domain import sampling

HOLDOUT: Final = "holdout"
TREATED: Final = "treated"


def held_out(salt: str, customer_id: UUID, share: float) -> bool:
    """Whether a customer gets nothing, so that what happens without it can be seen. `share` in [0, 1]; a larger share keeps all of a smaller one."""
    return sampling.is_drawn(f"holdout:{salt}", customer_id, percent=share * 100)
