# SPDX-License-Identifier: Apache-2.0
"""Makes the demo footage: synthetic, deterministic, with its ground truth."""
