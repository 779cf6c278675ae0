# SPDX-License-Identifier: Apache-2.0
"""The recipe of the embedded nets. Needs the ``train`` extra; the program itself never imports it."""
