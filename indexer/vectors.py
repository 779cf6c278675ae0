# SPDX-License-Identifier: Apache-2.0
"""The only user of FAISS: exact nearest neighbours among appearance vectors, filtered first and searched after.

Flat half-precision vectors are exact to four digits at a million rows and need no training; approximate indexes lose
recall just when a filter is selective.
"""

from __future__ import annotations

from collections.abc import Sequence

import faiss
import numpy as np
from numpy.typing import NDArray

__all__ = ["VectorIndex"]


class VectorIndex:
    """Unit vectors with identifiers; cosine similarity.

    Args:
        ids: Identifiers, one a row.
        vectors: (N, D) float32 unit vectors.
    """

    def __init__(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        assert len(ids) == len(vectors), "one identifier a vector"
        self._ids = tuple(ids)
        self._row_by_id = {name: row for row, name in enumerate(self._ids)}
        dimension = vectors.shape[1] if len(vectors) else 1
        self._index = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        if len(vectors):
            self._index.train(vectors)
            self._index.add(np.ascontiguousarray(vectors, np.float32))

    def __len__(self) -> int:
        return len(self._ids)

    def nearest(
        self, vector: NDArray[np.float32], *, n_wanted: int, among: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """The most similar identifiers with their cosine, best first, ties by identifier.

        Args:
            vector: (D,) unit vector.
            n_wanted: At most so many.
            among: Only these identifiers; None for all.
        """
        if not self._ids:
            return []
        n_wanted = min(n_wanted, len(self._ids))
        params = None
        if among is not None:
            rows = np.array(sorted(self._row_by_id[name] for name in among if name in self._row_by_id), np.int64)
            if not len(rows):
                return []
            # Reason: faiss types its parameter class without the keyword that its own manual documents.
            params = faiss.SearchParameters(sel=faiss.IDSelectorBatch(rows))  # type: ignore[call-arg]
            n_wanted = min(n_wanted, len(rows))
        scores, rows_found = self._index.search(vector[None].astype(np.float32), n_wanted, params=params)
        found = [
            (self._ids[row], float(score)) for row, score in zip(rows_found[0], scores[0], strict=True) if row >= 0
        ]
        return sorted(found, key=lambda item: (-item[1], item[0]))
