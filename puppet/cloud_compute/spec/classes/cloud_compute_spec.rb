require 'spec_helper'

describe 'cloud_compute' do
  let(:facts) { { 'os' => { 'family' => family }, 'networking' => { 'hostname' => 'gpu003' } } }
  let(:family) { 'RedHat' }
  let(:registration) { { 'form' => 'kubeadm', 'server' => 'api.example.org:6443', 'token_file' => '/etc/site/token' } }
  let(:params) { { 'registration' => registration } }
  let(:script) { catalogue.resource('file', '/usr/local/sbin/cloud-compute-register')[:content] }

  it { is_expected.to compile.with_all_deps }

  it 'stops batch before the firewall opens, and joins the cluster last' do
    is_expected.to contain_class('cloud_compute::services').that_comes_before('Class[cloud_compute::firewall]')
    is_expected.to contain_class('cloud_compute::firewall').that_comes_before('Class[cloud_compute::runtime]')
    is_expected.to contain_class('cloud_compute::runtime').that_comes_before('Class[cloud_compute::registration]')
  end

  describe 'services' do
    %w[slurmd munge pmlogger zabbix-agent node_exporter].each do |name|
      it { is_expected.to contain_service(name).with_ensure('stopped') }
    end

    it 'takes a site\'s own beside them, with its own way to stop' do
      is_expected.to contain_service('site-health').with_ensure('stopped').with_stop('/opt/site/health-stop')
    end

    it('leaves alone what a site set to false') { is_expected.not_to contain_service('pmcd') }
    it('leaves GPFS alone unless told') { is_expected.not_to contain_service('gpfs') }

    context 'with GPFS on the node' do
      let(:params) { super().merge('stop_gpfs' => true) }

      it { is_expected.to contain_service('gpfs').with_ensure('stopped').with_stop('/usr/lpp/mmfs/bin/mmshutdown') }
    end

    context 'on Debian, which names its exporter otherwise' do
      let(:family) { 'Debian' }

      it { is_expected.to contain_service('prometheus-node-exporter').with_ensure('stopped') }
      it { is_expected.not_to contain_service('node_exporter') }
    end
  end

  describe 'runtime' do
    it { is_expected.to contain_package('containerd.io').that_comes_before('Service[cloud_compute runtime]') }
    it { is_expected.to contain_service('cloud_compute runtime').with_ensure('running').with_name('containerd') }

    context 'with Docker' do
      let(:params) { super().merge('container_runtime' => 'docker') }

      it { is_expected.to contain_package('docker-ce') }
      it { is_expected.to contain_service('cloud_compute runtime').with_name('docker') }
    end

    context 'with the runtime in the image' do
      let(:params) { super().merge('manage_packages' => false) }

      it { is_expected.to have_package_resource_count(0) }
    end
  end

  describe 'firewall' do
    it { is_expected.to contain_exec('cloud_compute turns forwarding on') }
    it { is_expected.to contain_exec('cloud_compute accepts forwarded packets') }

    %w[tcp udp].product([2049, 111]).each do |protocol, port|
      it "blocks NFS by #{protocol} #{port}, before any packet goes through the chain" do
        is_expected.to contain_exec("cloud_compute blocks #{protocol} #{port}")
          .with_unless("iptables -w -C CLOUD-COMPUTE -p #{protocol} --dport #{port} -j REJECT")
          .that_comes_before('Exec[cloud_compute sends FORWARD through its chain]')
      end
    end

    context 'when the site has a firewall role of its own' do
      let(:params) { super().merge('manage_firewall' => false) }

      it { is_expected.not_to contain_exec('cloud_compute makes its chain') }
    end
  end

  describe 'registration' do
    it 'runs once, by a script that only root may read' do
      is_expected.to contain_file('/usr/local/sbin/cloud-compute-register').with_mode('0700').with_owner('root')
      is_expected.to contain_exec('cloud_compute joins the cluster')
        .with_command('/usr/local/sbin/cloud-compute-register').with_creates('/etc/kubernetes/kubelet.conf')
    end

    it 'reads the token from its file on the node, and gives kubeadm a file' do
      expect(script).to include('token=$(cat /etc/site/token)').and match(/^kubeadm join --config "\$config"$/)
    end

    it 'has the labels and taints of the class' do
      expect(script).to include('value: "example.org/gpu=a100"')
        .and include('- { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }')
    end

    it 'keeps pods away until lendbot says otherwise' do
      expect(script).to include('- { key: "lendbot/starting", value: "true", effect: "NoSchedule" }')
    end

    context 'with a class that has neither, and no startup taint' do
      let(:params) { super().merge('node_class' => 'default', 'startup_taint' => false) }

      it('writes what kubeadm can read') { expect(script).to match(/value: ""\n  taints:\n    \[\]\n/) }
    end

    context 'with RKE2' do
      let(:registration) { { 'form' => 'rke2', 'server' => 'https://rke2.example.org:9345', 'token_file' => '/etc/site/token' } }

      it 'names the token file in the agent\'s settings and starts the agent' do
        expect(script).to include('token-file: "/etc/site/token"').and include('- "example.org/gpu=a100"')
          .and include('- "nvidia.com/gpu=present:NoSchedule"').and include('- "lendbot/starting=true:NoSchedule"')
          .and match(/^systemctl enable --now rke2-agent.service$/)
      end
    end

    context 'with Rancher' do
      let(:registration) do
        { 'form' => 'rancher', 'server' => 'https://rancher.example.org', 'token_file' => '/etc/site/token', 'ca_hashes' => ['abc123'] }
      end

      it 'hands the token over in the environment' do
        expect(script).to include('CATTLE_TOKEN=$(cat /etc/site/token)').and include("CATTLE_CA_CHECKSUM='abc123'")
          .and include("CATTLE_TAINTS='nvidia.com/gpu=present:NoSchedule,lendbot/starting=true:NoSchedule'")
          .and match(%r{^sh /usr/local/sbin/system-agent-install.sh$})
      end
    end
  end

  describe 'wrong data' do
    { 'a class nobody described' => [{ 'node_class' => 'fpga' }, /cloud_compute::classes has only/],
      'a runtime we do not know' => [{ 'container_runtime' => 'podman' }, /container_runtime/],
      'a label that a shell would run' => [{ 'classes' => { 'gpu' => { 'labels' => { 'a' => '$(reboot)' } } } }, /labels/],
      'a taint without effect' => [{ 'classes' => { 'gpu' => { 'taints' => [{ 'key' => 'a' }] } } }, /effect/],
      'a port out of range' => [{ 'blocked' => [{ 'protocol' => 'tcp', 'port' => 70_000 }] }, /port/] }.each do |what, (given, said)|
      context "with #{what}" do
        let(:params) { super().merge(given) }

        it { is_expected.to compile.and_raise_error(said) }
      end
    end

    context 'with a token instead of a token file' do
      let(:registration) { { 'form' => 'kubeadm', 'server' => 'a:1', 'token_file' => 'abcdef.0123456789abcdef' } }

      it { is_expected.to compile.and_raise_error(/token_file/) }
    end
  end
end
