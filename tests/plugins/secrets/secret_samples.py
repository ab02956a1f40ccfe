"""Made-up secrets, put together here so that scanners of repositories leave them alone."""

GITHUB = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
GITLAB = "glpat-" + "x7Kq2mR9vT4wZ1bN8cJd"
SLACK = "xoxb-" + "263594206564-2343594206574-" + "FGqddMF8t08v8N7Oq4i57vs1"
GOOGLE = "AIza" + "SyD4f9bGhJkLmNoPqRsTuVwXyZ012345678"
AWS_ID = "AKIA" + "QYLPMN5HHHFPZAM2"
AWS_SECRET = "1ikmT3Q5bEbkN2MpkZYQhPzJ" + "XEWSv8ZJ8Y1aKWBz"
STRIPE = "sk_live_" + "51Hq8Kz2eZvKYlo2C9mXb4Tn"
JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
    "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
RANDOM = "Zf3D0LXCM3EIMbgJpUNnkRtOfOueHznB"
PEM = (
    "-----BEGIN RSA " + "PRIVATE KEY-----\n"
    "MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi5uJ3qVb7Zk0lq8dXh4m2n6r9s\n"
    "tW1y5u8x2z4v6b9n0m3q7w5e8r2t6y1u4i9o3p7a5s8d2f6g1h4j9k3l7z5x8c2v\n"
    "-----END RSA " + "PRIVATE KEY-----"
)
POSTGRES = "postgres://anna:" + "tr0ub4dor@db.example.com:5432/app?sslmode=require"
