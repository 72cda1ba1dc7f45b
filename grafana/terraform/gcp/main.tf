# A machine for the central Grafana and Prometheus. Nobody reaches it until a network is let in: see access.tf.
# No password passes through Terraform, so none is in its state: the machine makes its own at its first start.

terraform {
  required_version = ">= 1.6"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.12"
    }
  }
}

data "google_compute_subnetwork" "chosen" {
  self_link = var.subnetwork
}

# Debian's image there has no cloud-init.
data "google_compute_image" "ubuntu" {
  project = "ubuntu-os-cloud"
  family  = "ubuntu-2404-lts-amd64"
}

resource "google_compute_firewall" "admitted" {
  for_each      = local.admitted
  project       = data.google_compute_subnetwork.chosen.project
  name          = "ragmeter-monitoring-${each.key}"
  network       = data.google_compute_subnetwork.chosen.network
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = [each.value.network]
  target_tags   = ["ragmeter-monitoring"]

  allow {
    protocol = "tcp"
    ports    = [each.value.port]
  }
}

# The network `default` lets SSH in from everywhere, at a lower priority than this.
resource "google_compute_firewall" "closed" {
  project       = data.google_compute_subnetwork.chosen.project
  name          = "ragmeter-monitoring-closed"
  network       = data.google_compute_subnetwork.chosen.network
  direction     = "INGRESS"
  priority      = 2000
  source_ranges = ["0.0.0.0/0"]
  target_tags   = ["ragmeter-monitoring"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_instance" "monitoring" {
  project      = data.google_compute_subnetwork.chosen.project
  name         = "ragmeter-monitoring"
  zone         = var.zone
  machine_type = var.instance_type
  tags         = ["ragmeter-monitoring"]
  # It needs no service account, and has none.

  boot_disk {
    initialize_params {
      image = data.google_compute_image.ubuntu.self_link
      size  = var.disk_gib
    }
  }

  network_interface {
    subnetwork = data.google_compute_subnetwork.chosen.self_link
    access_config {}
  }

  metadata = {
    user-data              = local.cloud_init
    block-project-ssh-keys = "true"
    enable-oslogin         = "FALSE"
    serial-port-enable     = "FALSE"
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  # Otherwise it would be there before the rule that closes it.
  depends_on = [google_compute_firewall.closed]
}

output "address" {
  description = "Where Grafana is, once the files are there and the service is started."
  value       = google_compute_instance.monitoring.network_interface[0].access_config[0].nat_ip
}
