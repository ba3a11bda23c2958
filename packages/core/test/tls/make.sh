#!/bin/sh
# Makes the certificates of credentials.test.ts: an authority, a server on 127.0.0.1, and a client. Valid for a century.
set -e
cd "$(dirname "$0")"
key='ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 -newkey $key -keyout authority.key -out authority.pem -days 36500 -subj '/CN=natsmith test authority'
printf 'subjectAltName=IP:127.0.0.1,DNS:localhost' >names.txt
for who in server client; do
  openssl req -newkey $key -keyout $who-key.pem -out $who.csr -subj "/CN=natsmith test $who"
  openssl x509 -req -in $who.csr -CA authority.pem -CAkey authority.key -days 36500 -extfile names.txt -out $who.pem
done
rm -f authority.key ./*.srl names.txt ./*.csr
