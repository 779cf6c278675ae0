#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Verifies this bundle with sha512sum and openssl alone.
#   bash verify.sh                     with the certificate that lies in the bundle: compare its printed fingerprint
#                                      with the one on the signed procès-verbal
#   bash verify.sh CERTIFICATE.pem     with a certificate that you obtained by another way
# Exit status 0 only if every step is good. It changes nothing.
set -u -o pipefail
export LC_ALL=C
given="${1:-}"
if [ -n "$given" ]; then
  given="$(cd "$(dirname "$given")" && pwd)/$(basename "$given")" || exit 1
fi
cd "$(dirname "$0")" || exit 1
fail() { echo "FAIL: $*" >&2; exit 1; }
signature=signatures/tagmanifest-sha512.txt.p7s
certificate="${given:-signatures/operator.pem}"

odd=$(find . ! -type f ! -type d) || fail "1 structure: cannot look"
if [ -n "$odd" ]; then fail "1 structure: links or special files: $odd"; fi
extra=$(find . -mindepth 1 -maxdepth 1 -type d ! -name data ! -name signatures) || fail "1 structure: cannot look"
if [ -n "$extra" ]; then fail "1 structure: unknown folders: $extra"; fi

if ! sha512sum -c --quiet --strict manifest-sha512.txt; then fail "2 payload: altered or missing file"; fi
if ! diff <(find data -type f | sort) <(cut -c 131- manifest-sha512.txt | sort); then
  fail "2 payload: files on the disk and in manifest-sha512.txt differ"
fi

if ! sha512sum -c --quiet --strict tagmanifest-sha512.txt; then fail "3 tag files: altered or missing file"; fi
if ! diff \
  <(find . -type f ! -path './data/*' ! -path './tagmanifest-sha512.txt' ! -path "./$signature" \
      ! -path "./$signature.tsr" | cut -c 3- | sort) \
  <(cut -c 131- tagmanifest-sha512.txt | sort); then
  fail "3 tag files: files on the disk and in tagmanifest-sha512.txt differ"
fi

if ! openssl cms -verify -binary -inform DER -in "$signature" -content tagmanifest-sha512.txt \
  -CAfile "$certificate" -no_check_time -purpose any -out /dev/null 2>/dev/null; then
  fail "4 signature: does not hold under $certificate"
fi
if ! fingerprint=$(openssl x509 -in "$certificate" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g'); then
  fail "4 signature: cannot read $certificate"
fi
if ! subject=$(openssl x509 -in "$certificate" -noout -subject -nameopt RFC2253,-esc_msb); then fail "4 signature: cannot read the subject"; fi
echo "OK: files complete and unaltered, signed by: $subject"
echo "Certificate SHA-256: $(echo "$fingerprint" | tr 'A-F' 'a-f')"
if [ -z "$given" ]; then echo "Compare this fingerprint with the one on the signed procès-verbal."; fi
