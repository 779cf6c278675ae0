# SPDX-License-Identifier: Apache-2.0
"""What the window shows: widgets that paint a presenter's state and emit what a person did."""
