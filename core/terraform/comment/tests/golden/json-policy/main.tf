resource "terraform_data" "role" {
  input = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Read", Effect = "Allow", Action = ["s3:GetObject", ], Resource = "arn:aws:s3:::reports/*" },
      { Sid = "Write", Effect = "Allow", Action = ["s3:*"], Resource = "arn:aws:s3:::reports/*" },
    ]
  })
}
resource "terraform_data" "spelling" { input = "{ \"a\": 1, \"b\":2}" }
