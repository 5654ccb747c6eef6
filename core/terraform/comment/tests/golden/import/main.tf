import {
  to = terraform_data.adopted
  id = "7f1c"
}
resource "terraform_data" "adopted" {}
