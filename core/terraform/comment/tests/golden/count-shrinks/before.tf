resource "terraform_data" "worker" {
  count = 4
  input = "worker ${count.index}"
}
