# SPDX-License-Identifier: Apache-2.0
"""Case, requisition, audit, search, synopsis, evidence and the command line: the only door to footage and index."""
