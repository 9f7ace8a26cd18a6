"""Fit interests: which products are bought by the same people, and what each customer is likely to want next (Brin, Motwani and Silverstein 1997: lift)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from scipy import sparse

from services.analytics.domain.models.fitting import Job, Result, Say, compared, need, rounded

#: At most so many products are looked at, the most bought first; so many are proposed to a customer.
_PRODUCTS: Final = 3_000
_PROPOSED: Final = 5
#: Buyers that are added in thought to every pair as if it were independent, so that few of them prove little.
_DOUBT: Final = 5.0


class Pairs(NamedTuple):
    """For each pair of products a -> b: customers with both, confidence and lift (drawn towards 1 for few)."""

    together: Any
    confidence: Any
    lift: Any


def fit(job: Job, say: Say) -> Result:
    """Columns: owner, product, category, day, amount; one row for each product a customer has. The customers come back in `about`."""
    owners, whose = np.unique(job.columns["owner"].astype(str), return_inverse=True)
    products, what = np.unique(job.columns["product"].astype(str), return_inverse=True)
    need(len(owners), 50, "customers bought products that are named")
    need(len(products), 2, "products were bought")
    counts = np.bincount(what)
    order = np.argsort(-counts, kind="stable")[:_PRODUCTS]
    number = np.full(len(products), -1)
    number[order] = np.arange(len(order))
    kept = number[what] >= 0
    baskets = sparse.csr_matrix((np.ones(int(kept.sum())), (whose[kept], number[what[kept]])), shape=(len(owners), len(order)))
    least = int(job.options.get("least_support", max(3, len(owners) // 2000)))
    pairs = _pairs(baskets, len(owners), least)
    say(0.4)
    hit, popular = _tried(job, baskets, whose[kept], number[what[kept]], kept, least)
    say(0.7)
    titles = products[order]
    rules = _rules(pairs, titles, len(owners))
    return Result(
        "co-occurrence of products with lift, drawn towards 1 for few buyers", "Agrawal, Imielinski and Swami 1993; Brin, Motwani and Silverstein 1997",
        {"customers": len(owners), "products": len(products), "products_used": len(order), "least_support": least, "pairs": int((pairs.together > 0).sum() // 2)},
        {"hit_rate_of_5": rounded(hit, 4), "hit_rate_of_the_most_bought_5": rounded(popular, 4), "tried_on": "the product each customer bought last"},
        {"rules": rules}, {"products": titles, "lift": pairs.lift, "confidence": pairs.confidence},
        compared("share of last products within the first five proposals", hit, None, higher=True), _proposals(baskets, pairs, titles, owners),
    )


def _pairs(baskets: Any, customers: int, least: int) -> Pairs:
    together = (baskets.T @ baskets).toarray()
    single = np.diag(together).copy()
    np.fill_diagonal(together, 0)
    together[together < least] = 0
    expected = np.outer(single, single) / customers
    lift = np.where(together > 0, (together + _DOUBT) / (expected + _DOUBT), 0.0)
    confidence = together / np.maximum(single[:, None], 1)
    return Pairs(together, confidence, lift)


def _rules(pairs: Pairs, titles: Any, customers: int, most: int = 100) -> list[dict[str, Any]]:
    """The strongest pairs, by lift."""
    ranked = np.where(pairs.together > 0, pairs.lift, 0.0)
    places = np.argsort(-ranked, axis=None, kind="stable")[:most]
    listed = []
    for place in places:
        a, b = divmod(int(place), ranked.shape[1])
        if ranked[a, b] > 1:
            listed.append({
                "has": str(titles[a]), "wants": str(titles[b]), "customers": int(pairs.together[a, b]), "support": rounded(pairs.together[a, b] / customers, 6),
                "confidence": rounded(pairs.confidence[a, b], 4), "lift": rounded(pairs.lift[a, b], 3),
            })
    return listed


def _merit(own: Any, pairs: Pairs) -> Any:
    """What speaks for each product: the best confidence among what is owned, weighed by its lift."""
    return np.max(pairs.confidence[own] * np.log1p(pairs.lift[own]), axis=0) if len(own) else np.zeros(pairs.lift.shape[1])


def _tried(job: Job, baskets: Any, whose: Any, what: Any, kept: Any, least: int) -> tuple[float, float]:
    """Take away what each customer bought last, learn from the rest, and see whether it is proposed; beside the most bought products."""
    days = job.columns["day"].astype(str)[kept]
    order = np.lexsort((what, days, whose))
    last = order[np.flatnonzero(np.r_[whose[order][1:] != whose[order][:-1], True])]
    many = np.bincount(whose, minlength=baskets.shape[0])[whose[last]] > 1
    last = last[many]
    if len(last) < 20:
        return float("nan"), float("nan")
    rest = baskets.copy().tolil()
    rest[whose[last], what[last]] = 0
    early = rest.tocsr()
    early.eliminate_zeros()
    pairs = _pairs(early, baskets.shape[0], least)
    bought = np.asarray(early.sum(axis=0)).ravel()
    sample = last if len(last) <= 2_000 else last[np.linspace(0, len(last) - 1, 2_000).astype(np.int64)]
    hits = popular = 0
    for place in sample:
        own = early.indices[early.indptr[whose[place]] : early.indptr[whose[place] + 1]]
        merit, common = _merit(own, pairs), bought.copy()
        merit[own] = common[own] = -1
        hits += int(what[place]) in np.argsort(-merit, kind="stable")[:_PROPOSED]
        popular += int(what[place]) in np.argsort(-common, kind="stable")[:_PROPOSED]
    return hits / len(sample), popular / len(sample)


def _proposals(baskets: Any, pairs: Pairs, titles: Any, owners: Any) -> Iterator[dict[str, Any] | None]:
    """For each customer what to offer next, each with the reason."""
    for row in range(len(owners)):
        own = baskets.indices[baskets.indptr[row] : baskets.indptr[row + 1]]
        merit = _merit(own, pairs)
        merit[own] = 0
        best = [int(place) for place in np.argsort(-merit, kind="stable")[:_PROPOSED] if merit[place] > 0]
        if not best:
            yield None
            continue
        proposals = []
        for place in best:
            cause = int(own[np.argmax(pairs.confidence[own, place] * np.log1p(pairs.lift[own, place]))])
            proposals.append({
                "product": str(titles[place]), "because_of": str(titles[cause]), "confidence": rounded(pairs.confidence[cause, place], 4),
                "lift": rounded(pairs.lift[cause, place], 3), "customers": int(pairs.together[cause, place]),
            })
        first = proposals[0]
        yield {
            "value": first["product"], "number": first["confidence"],
            "parts": {"next": proposals, "reasons": [f"{first['confidence']:.0%} of those who have {first['because_of']} have {first['product']} too, {first['lift']:.1f} times as many as by chance"]},
        }
