# SPDX-License-Identifier: Apache-2.0
"""The audit log: what was done, by whom, for which purpose; chained, signed, checkpointed, strictly verified."""
