resource "terraform_data" "lb" {
  input = {
    name  = "front"
    ports = [80, 443]
    tags  = { owner = "platform", tier = "web" }
    backends = [
      { host = "a.internal", weight = 10 },
      { host = "b.internal", weight = 20 },
    ]
  }
}
