resource "terraform_data" "lb" {
  input = {
    name  = "front"
    ports = [80, 8080, 443]
    tags  = { owner = "delivery", cost-center = "42" }
    backends = [
      { host = "c.internal", weight = 5 },
      { host = "a.internal", weight = 10 },
      { host = "b.internal", weight = 30 },
    ]
  }
}
