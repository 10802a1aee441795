import { createPrivateKey } from "node:crypto"

// A certificate of its own making for the host `shop.test`, valid until 2126; it stands for nothing outside the tests.

/** The key that belongs to the certificate. */
export const key = createPrivateKey({
  key: Buffer.from(
    [
      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIwwx+peuOjGmSFYDqfDEIf0CrygNcgxWWpommeGvauuhRANCAATH",
      "3oKUUs+82eTskuWGhuwsQS2O7wSp6U2uKq7qAHoVvB6PKBAoGMrMIz6oGBSP14K2T3PB5jcHomOrqOtsYVez",
    ].join(""),
    "base64",
  ),
  format: "der",
  type: "pkcs8",
}).export({ format: "pem", type: "pkcs8" })

/** The certificate, in PEM. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBozCCAUmgAwIBAgIUQVI1ZTWsLyqkGyn44fs/grUeIuMwCgYIKoZIzj0EAwIwGzEZMBcGA1UEAwwQUG9ydGN1bGxpcyB0ZXN0
czAgFw0yNjExMjcxNTM0MjZaGA8yMTI2MTEwMzE1MzQyNlowGzEZMBcGA1UEAwwQUG9ydGN1bGxpcyB0ZXN0czBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABMfegpRSz7zZ5OyS5YaG7CxBLY7vBKnpTa4qruoAehW8Ho8oECgYyswjPqgYFI/XgrZPc8HmNweiY6uo
62xhV7OjaTBnMB0GA1UdDgQWBBRGbq0DC0to/YUNHvvAXW9izLYwnjAfBgNVHSMEGDAWgBRGbq0DC0to/YUNHvvAXW9izLYwnjAP
BgNVHRMBAf8EBTADAQH/MBQGA1UdEQQNMAuCCXNob3AudGVzdDAKBggqhkjOPQQDAgNIADBFAiBjwHCZZG6sTFS+s8Qs31oGJxut
Ny/i2kDhS/0wJhds3gIhALstpLNeCT+JEPVUp6k+Rg1RtW7cxRWlTb/CiS63Z02w
-----END CERTIFICATE-----
`
