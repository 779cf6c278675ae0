# SPDX-License-Identifier: Apache-2.0
"""How often the program is right, on labelled recordings."""
