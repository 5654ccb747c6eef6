# What must be there before Terraform can run in CI. Applied once, by a person with rights over the account.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  tags      = merge(var.tags, { project = var.project, stack = "bootstrap", managed-by = "terraform" })
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  bucket    = coalesce(var.state_bucket, "${var.project}-state-${local.account}")
}

resource "aws_s3_bucket" "state" {
  #checkov:skip=CKV_AWS_18:The states are read by two roles; who did so is in CloudTrail
  #checkov:skip=CKV_AWS_144:The state can be imported again; the versions guard against mistakes
  #checkov:skip=CKV_AWS_145:AES256 is encryption at rest; a customer-managed key adds a way to lose the state
  #checkov:skip=CKV2_AWS_61:A state is small, and its old versions are the way back
  #checkov:skip=CKV2_AWS_62:Nobody waits for a state to change
  bucket = local.bucket
  tags   = local.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket = aws_s3_bucket.state.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "state" {
  bucket = aws_s3_bucket.state.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:${local.partition}:s3:::${local.bucket}", "arn:${local.partition}:s3:::${local.bucket}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.state]
}

# AWS checks GitHub's certificate by its own list of authorities; thumbprints count no more.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.create_provider ? 1 : 0

  url            = "https://${var.issuer}"
  client_id_list = local.audiences
  tags           = local.tags
}
